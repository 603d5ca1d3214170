// What a partner's programmer writes over a client that was generated from the
// program's own document: it finds a mandate in force and takes a delivery.
//   node takes.js <address> <key>
import createClient from 'openapi-fetch';
import type { paths } from './api.js'; // made by openapi-typescript

declare const process: { argv: string[]; exitCode: number };

const [, , baseUrl, key] = process.argv;
const api = createClient<paths, 'application/json'>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

async function takes() {
  const list = await api.GET('/api/v1/mandates');
  for (const mandate of list.data?.mandates ?? []) {
    const one = await api.GET('/api/v1/mandates/{id}', { params: { path: { id: mandate.id } } });
    const point = one.data?.access_points?.find((p) => p.status === 'in-force');
    if (!point) continue;
    const { data, error } = await api.GET('/api/v1/mandates/{id}/consumption', {
      params: { path: { id: mandate.id }, query: { ean: point.ean, grain: 'month' } },
    });
    if (error) return console.error(JSON.stringify(error));
    const values = data.consumption.values ?? [];
    return console.log(JSON.stringify({ mandate: data.mandate.id, ean: point.ean, months: values.length, file: data }));
  }
  return console.error('no mandate in force');
}

// The types bite: what the document does not have is no program.
// @ts-expect-error there is no such path
() => api.GET('/api/v1/customers');
// @ts-expect-error no such grain
() => api.GET('/api/v1/mandates/{id}/consumption', { params: { path: { id: '' }, query: { ean: '', grain: 'minute' } } });
// @ts-expect-error the access point is needed
() => api.GET('/api/v1/mandates/{id}/consumption', { params: { path: { id: '' }, query: {} } });

await takes();
