import { queryOptions, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { webTransport } from '../../api/transport.ts';
import { Badge, type Tone } from '../../kit/badge.tsx';
import { Code, CodeBlock } from '../../kit/code.tsx';
import { Field, Input } from '../../kit/field.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';

interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}

/** As much of OpenAPI 3.1 as the page shows. */
interface OpenApi {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
}

const openApiQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: async ({ signal }) => {
    const { status, body } = await webTransport.request({ method: 'GET', path: '/openapi.json', signal });
    if (status !== 200)
      throw new Error(`The description of the API could not be had: HTTP status ${status}.`);
    return JSON.parse(body) as OpenApi;
  },
});

const tones: Record<string, Tone> = { get: 'accent', post: 'live', put: 'wait', delete: 'gone' };

/** The API of the daemon: everything this page does goes through it. */
export function ApiSection() {
  const { data, error, refetch } = useQuery(openApiQuery);
  const [words, setWords] = useState('');
  const wanted = useDeferredValue(words.trim().toLowerCase());
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows rows={8} />;
  const operations = Object.entries(data.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const found = operations.filter(({ path, method, operation }) =>
    `${method} ${path} ${operation.summary ?? ''}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="flex flex-col gap-4">
      <p className="text-quiet text-sm">
        Everything the dashboard does goes through this API. The same routes are on the Unix socket:{' '}
        <Code>curl --unix-socket $(codepiper config socket) http://localhost/api/sessions</Code>. For tools:{' '}
        <a className="text-accent underline" href="/api/openapi.json">
          openapi.json
        </a>{' '}
        (OpenAPI 3.1).
      </p>
      <Field label="Find" className="max-w-md">
        {(props) => (
          <Input
            {...props}
            type="search"
            placeholder="approve, /sessions, PUT …"
            value={words}
            onChange={({ target }) => setWords(target.value)}
          />
        )}
      </Field>
      <p role="status" className="text-quiet text-sm">
        {found.length} of {operations.length} operations
      </p>
      <ul className="divide-y divide-line rounded-lg border border-line bg-panel">
        {found.map(({ path, method, operation }) => (
          <li key={`${method} ${path}`}>
            <details className="group">
              <summary className="flex cursor-pointer flex-wrap items-baseline gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-raised">
                <Badge tone={tones[method] ?? 'quiet'} className="w-16 justify-center uppercase">
                  {method}
                </Badge>
                <span className="break-all font-mono text-sm">{path}</span>
                <span className="min-w-0 text-quiet text-sm">{operation.summary}</span>
              </summary>
              <OperationDetails operation={operation} />
            </details>
          </li>
        ))}
      </ul>
    </div>
  );
}

function OperationDetails({ operation }: { operation: Operation }) {
  const { parameters = [], requestBody, responses, description } = operation;
  return (
    <div className="flex flex-col gap-3 px-4 pb-4 text-sm">
      {description && <p className="whitespace-pre-line text-quiet">{description}</p>}
      {parameters.length > 0 && (
        <ul className="flex flex-col gap-1">
          {parameters.map((parameter) => (
            <li key={`${parameter.in} ${parameter.name}`}>
              <Code>{parameter.name}</Code>{' '}
              <span className="text-quiet">
                in {parameter.in}
                {parameter.required ? ', required' : ''}
              </span>
            </li>
          ))}
        </ul>
      )}
      {requestBody && (
        <div>
          <p className="mb-1 font-medium">Body</p>
          {Object.entries(requestBody.content).map(([type, { schema }]) => (
            <CodeBlock key={type} text={`${type}\n${JSON.stringify(schema, null, 2)}`} />
          ))}
        </div>
      )}
      {Object.entries(responses).map(([status, response]) => (
        <div key={status}>
          <p className="mb-1">
            <span className="font-medium">{status}</span>{' '}
            <span className="text-quiet">{response.description}</span>
          </p>
          {Object.entries(response.content ?? {}).map(
            ([type, { schema }]) =>
              schema !== undefined && <CodeBlock key={type} text={JSON.stringify(schema, null, 2)} />,
          )}
        </div>
      ))}
    </div>
  );
}
