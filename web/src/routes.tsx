// The one table of routes: a page is one file in pages/ or console/ and one row here.
import { createBrowserRouter, type RouteObject } from "react-router-dom";

import { ConsoleFrame } from "./components/ConsoleFrame";
import { Frame, ProjectFrame } from "./components/Frame";
import { NotFound, PageError } from "./components/PageError";

const page = (load: () => Promise<{ default: React.ComponentType }>): Pick<RouteObject, "lazy"> => ({
  lazy: async () => ({ Component: (await load()).default }),
});

export const router = createBrowserRouter([
  {
    errorElement: <PageError />,
    children: [
      { path: "/login", ...page(() => import("./pages/SignIn")) },
      { path: "/activate", ...page(() => import("./pages/Activate")) },
      { path: "/reset", ...page(() => import("./pages/ResetPassword")) },
      { path: "/invitation", ...page(() => import("./pages/Activate")) },
      {
        element: <Frame />,
        children: [
          { path: "/", ...page(() => import("./pages/Projects")) },
          { path: "/account", ...page(() => import("./pages/Account")) },
          { path: "/organizations", ...page(() => import("./pages/Organizations")) },
          { path: "/organizations/:organizationId", ...page(() => import("./pages/Organization")) },
        ],
      },
      {
        path: "/projects/:projectId",
        element: <ProjectFrame />,
        children: [
          { index: true, ...page(() => import("./pages/Tokens")) },
          { path: "tokens", ...page(() => import("./pages/Tokens")) },
          { path: "tokens/new", ...page(() => import("./pages/TokenNew")) },
          { path: "tokens/:tokenId", ...page(() => import("./pages/TokenDetail")) },
          { path: "users", ...page(() => import("./pages/Users")) },
          { path: "settings", ...page(() => import("./pages/Settings")) },
          { path: "storage", ...page(() => import("./pages/Storage")) },
          { path: "storage/buckets/:bucketId", ...page(() => import("./pages/Storage")) },
          { path: "storage/tables/:tableId", ...page(() => import("./pages/Storage")) },
          { path: "files", ...page(() => import("./pages/Files")) },
          { path: "jobs", ...page(() => import("./pages/Jobs")) },
          { path: "events", ...page(() => import("./pages/Events")) },
        ],
      },
      {
        path: "/console",
        element: <ConsoleFrame />,
        children: [
          { index: true, ...page(() => import("./pages/Events")) },
          { path: "storage", ...page(() => import("./pages/Storage")) },
          { path: "storage/buckets/:bucketId", ...page(() => import("./pages/Storage")) },
          { path: "storage/tables/:tableId", ...page(() => import("./pages/Storage")) },
          { path: "files", ...page(() => import("./pages/Files")) },
          { path: "jobs", ...page(() => import("./pages/Jobs")) },
          { path: "events", ...page(() => import("./pages/Events")) },
        ],
      },
      { path: "*", element: <NotFound /> },
    ],
  },
]);
