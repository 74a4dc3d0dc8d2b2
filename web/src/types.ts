// What the server answers, as far as the pages read it.

export interface Token {
  id: string;
  description: string;
  created: string;
  refreshed: string;
  expires: string | null;
  isExpired: boolean;
  isDisabled: boolean;
  isMasterToken: boolean;
  canManageBuckets: boolean;
  canManageTokens: boolean;
  canReadAllFileUploads: boolean;
  canPurgeTrash: boolean;
  bucketPermissions: Record<string, "read" | "write" | "manage"> | [];
  componentAccess?: string[];
  allowedAddresses?: string[];
  requestsPerMinute?: number | null;
  lastUsed?: { time: string; address: string } | null;
  admin?: { id: number; name: string; role: string };
  creatorToken?: { id: number; description: string };
  owner?: { id: number; name: string };
  token?: string;
}

export interface TokenLink {
  id: number;
  recipientEmail: string;
  created: string;
  expires: string;
  opened: string | null;
  retrieved: string | null;
  state: "sent" | "opened" | "retrieved" | "expired" | "revoked";
}

export interface Bucket {
  id: string;
  name: string;
  displayName: string;
  stage: string;
  description: string;
  created: string;
  lastChangeDate: string | null;
  rowsCount: number;
  dataSizeBytes: number;
  tables?: Table[];
}

export interface Table {
  id: string;
  name: string;
  displayName: string;
  created: string;
  lastImportDate: string | null;
  lastChangeDate: string | null;
  rowsCount: number | null;
  dataSizeBytes: number | null;
  columns?: string[];
  primaryKey: string[];
  isAlias?: boolean;
  bucket?: { id: string };
}

export interface StoredFile {
  id: number;
  name: string;
  created: string;
  sizeBytes: number | null;
  tags: string[];
  maxAgeDays: number | null;
  isSliced: boolean;
  creatorToken?: { id: number; description: string };
}

export interface StorageEvent {
  uuid: string;
  event: string;
  component: string;
  message: string;
  description: string | null;
  type: string;
  runId: string | null;
  created: string;
  configurationId: string | null;
  objectId: string | null;
  objectName: string | null;
  objectType: string | null;
  context: Record<string, unknown>;
  params: Record<string, unknown>;
  results: Record<string, unknown>;
  performance: Record<string, unknown>;
  /** null: the server itself, or a call of the Management API. */
  token: { id: string | number; name: string } | null;
  operation?: string;
  outcome?: string;
}

export interface Session {
  user: { id: number; name: string; email: string; isSuper: boolean; hasSecondFactor: boolean };
  csrfToken: string;
  projects: { id: number; name: string; role: string; organizationId: number; organizationName: string }[];
  organizations: { id: number; name: string }[];
}

export interface Component { id: string; name: string; type: string; description: string }
