import { Link, useRouteError } from "react-router-dom";

import { ErrorNote } from "./bits";

export function PageError() {
  const error = useRouteError();
  return <main><h1>This page could not be shown</h1><ErrorNote error={error} /><p><Link to="/">Back to the start</Link></p></main>;
}

export function NotFound() {
  return <main><h1>There is no such page</h1><p>The address may be mistyped, or the page has moved. <Link to="/">Back to the start</Link></p></main>;
}
