import { usePlace } from "../components/context";
import { EventTable } from "../components/EventTable";

export default function Events() {
  const { me } = usePlace();
  return (
    <>
      <div className="head"><h1>Events</h1></div>
      {!me.isMasterToken && <p className="dim">What this token has done. Master tokens of the project see everything.</p>}
      <div className="card"><EventTable path="events" /></div>
    </>
  );
}
