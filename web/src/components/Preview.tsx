// The first rows of a table, with a filter on one column and a choice of columns.
import { Button, MultiSelect, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Table } from "../types";
import { Empty, ErrorNote, Loading } from "./bits";
import { usePlace } from "./context";

interface Rows { columns: string[]; rows: { columnName: string; value: string | null; isTruncated: boolean }[][] }

export function Preview({ table }: { table: Table }) {
  const { client } = usePlace();
  const [columns, setColumns] = useState<string[]>([]);
  const [column, setColumn] = useState(table.columns?.[0] ?? "");
  const [operator, setOperator] = useState("eq");
  const [value, setValue] = useState("");
  const [filter, setFilter] = useState<{ column: string; operator: string; value: string } | null>(null);
  const rows = useQuery({
    queryKey: [client.key, "preview", table.id, table.lastChangeDate, columns, filter],
    queryFn: ({ signal }) => client.call<Rows>(`tables/${table.id}/data-preview`, {
      signal,
      query: {
        format: "json", limit: 100, columns: columns.join(","),
        ...(filter ? { "whereFilters[0][column]": filter.column, "whereFilters[0][operator]": filter.operator, "whereFilters[0][values][0]": filter.value || undefined } : {}),
      },
    }),
  });
  return (
    <div className="stack">
      <MultiSelect label="Columns" placeholder={columns.length ? undefined : "All columns"} searchable clearable limit={200} data={table.columns ?? []} value={columns} onChange={setColumns}
        clearButtonProps={{ "aria-label": "Clear columns" }} />
      <form className="row top-aligned" onSubmit={(e) => { e.preventDefault(); setFilter({ column, operator, value }); }}>
        <NativeSelect label="Where" value={column} onChange={(e) => setColumn(e.currentTarget.value)} data={table.columns ?? []} />
        <NativeSelect label="is" value={operator} onChange={(e) => setOperator(e.currentTarget.value)}
          data={[{ value: "eq", label: "equal to" }, { value: "ne", label: "not equal to" }, { value: "gt", label: "greater than" }, { value: "lt", label: "less than" }]} />
        <TextInput label="Value" value={value} onChange={(e) => setValue(e.currentTarget.value)} />
        <Button type="submit">Filter</Button>
        {filter && <Button variant="default" onClick={() => setFilter(null)}>All rows</Button>}
      </form>
      <ErrorNote error={rows.error} />
      {rows.isPending && <Loading />}
      {rows.data && rows.data.rows.length === 0 && <Empty title="No rows">{filter ? "Nothing matches the filter." : "Upload a CSV file to fill the table."}</Empty>}
      {rows.data && rows.data.rows.length > 0 && (
        <>
          <div className="scroll" tabIndex={0} role="region" aria-label="Data">
            <table className="plain data">
              <thead><tr>{rows.data.columns.map((c) => <th key={c}>{c}</th>)}</tr></thead>
              <tbody>
                {rows.data.rows.map((row, index) => (
                  <tr key={index}>{row.map((cell) => <td key={cell.columnName} title={cell.value ?? "NULL"}>{cell.value ?? <span className="dim">NULL</span>}{cell.isTruncated && "…"}</td>)}</tr>
                ))}
              </tbody>
            </table>
          </div>
          <p className="dim small">{rows.data.rows.length === 100 ? "The first 100 rows." : `${rows.data.rows.length} rows.`}</p>
        </>
      )}
    </div>
  );
}
