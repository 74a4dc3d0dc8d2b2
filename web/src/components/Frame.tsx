// The frame of the pages of a signed-in user, and within it that of a project.
import { Button, Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { Link, Navigate, NavLink, Outlet, useLocation, useNavigate, useParams } from "react-router-dom";

import { account, ApiError, projectClient, setCsrfToken } from "../api";
import type { Session, Token } from "../types";
import { ErrorNote, Loading } from "./bits";
import { PlaceContext } from "./context";

export function useSession() {
  return useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      const session = await account<Session>("/auth/session");
      setCsrfToken(session.csrfToken);
      return session;
    },
    staleTime: 60_000,
  });
}

export function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return <Button variant="default" size="xs" onClick={() => setColorScheme(other)}>{other === "dark" ? "Dark" : "Light"}</Button>;
}

export function Brand({ to, children }: { to: string; children?: ReactNode }) {
  return <Link to={to} className="brand"><img src="/icon.svg" alt="" /> {children ?? "Chatelaine"}</Link>;
}

function UserMenu({ session }: { session: Session }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  async function signOut() {
    await account("/auth/session", { method: "DELETE" });
    queries.clear();
    navigate("/login");
  }
  return (
    <Menu>
      <Menu.Target><Button variant="default" size="xs">{session.user.name || session.user.email}</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/account">My account</Menu.Item>
        <Menu.Item component={Link} to="/organizations">Organizations</Menu.Item>
        <Menu.Item component={Link} to="/">All projects</Menu.Item>
        <Menu.Item onClick={signOut}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Top({ session, title, tabs }: { session: Session; title?: ReactNode; tabs?: ReactNode }) {
  return (
    <header className="top">
      <a className="skip" href="#content">Skip to the content</a>
      <div className="top-row">
        <Brand to="/" />
        {title}
        <span className="spread" />
        <SchemeButton />
        <UserMenu session={session} />
      </div>
      {tabs}
    </header>
  );
}

/** Sends to the sign-in page when nobody is signed in. */
function SignedIn({ children }: { children: (session: Session) => ReactNode }) {
  const session = useSession();
  const location = useLocation();
  if (session.isPending) return <main><Loading /></main>;
  if (session.error instanceof ApiError && session.error.status === 401) {
    return <Navigate to={"/login?next=" + encodeURIComponent(location.pathname + location.search)} replace />;
  }
  if (session.error) return <main><ErrorNote error={session.error} /></main>;
  return <>{children(session.data)}</>;
}

export function Frame() {
  return (
    <SignedIn>
      {(session) => (
        <>
          <Top session={session} />
          <main id="content"><Outlet /></main>
        </>
      )}
    </SignedIn>
  );
}

const TABS = [
  ["storage", "Storage"], ["files", "Files"], ["jobs", "Jobs"], ["events", "Events"],
  ["tokens", "API tokens"], ["users", "Users"], ["settings", "Settings"],
] as const;

export function ProjectFrame() {
  const { projectId = "" } = useParams();
  return <SignedIn>{(session) => <Project key={projectId} session={session} projectId={projectId} />}</SignedIn>;
}

function Project({ session, projectId }: { session: Session; projectId: string }) {
  const client = useMemo(() => projectClient(projectId), [projectId]);
  const me = useQuery({ queryKey: [client.key, "verify"], queryFn: () => client.call<Token>("tokens/verify") });
  const base = `/projects/${projectId}`;
  const project = session.projects.find((p) => String(p.id) === projectId);
  const title = (
    <Menu>
      <Menu.Target><Button variant="default" size="xs">{project?.name ?? "Project"}</Button></Menu.Target>
      <Menu.Dropdown>
        {session.projects.slice(0, 50).map((p) => <Menu.Item key={p.id} component={Link} to={`/projects/${p.id}/tokens`}>{p.name}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
  const tabs = (
    <nav className="tabs" aria-label="Project">
      {TABS.map(([path, label]) => <NavLink key={path} to={`${base}/${path}`}>{label}</NavLink>)}
    </nav>
  );
  return (
    <>
      <Top session={session} title={title} tabs={tabs} />
      <main id="content">
        {me.isPending && <Loading />}
        <ErrorNote error={me.error} />
        {me.data && <PlaceContext.Provider value={{ client, base, me: me.data }}><Outlet /></PlaceContext.Provider>}
      </main>
    </>
  );
}
