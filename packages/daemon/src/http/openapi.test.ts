import { daemonEndpoints } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { defineEndpoint, type Endpoint } from '@codepiper/core/endpoint.ts';
import { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeApi } from './openapi.ts';

interface Operation {
  parameters?: { in: string; name: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}
interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const describeAll = (endpoints: Readonly<Record<string, Endpoint>>): Description =>
  describeApi(
    Object.entries(endpoints).map(([name, endpoint]) => ({
      method: endpoint.method,
      path: endpoint.path,
      operation: { name, endpoint },
    })),
    '1.2.3',
  ) as unknown as Description;

/** The schema as its readers have it: only what the document says. */
function read(api: Description, schema: object | undefined): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: api.components.schemas });
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')));
}

const json = 'application/json';

describe('a described schema', () => {
  it('takes what the endpoint takes, and nothing else', () => {
    const api = describeAll(policyEndpoints);
    const body = read(api, api.paths['/policies']?.post?.requestBody?.content[json]?.schema);
    const rule = { action: 'deny', tool: 'Bash', args: { command: { glob: 'rm *' } } };
    const policy = { name: 'no rm', enabled: true, rules: [rule] };
    const endpoint = policyEndpoints.createPolicy.body;
    for (const each of [policy, { name: 'x' }, {}, { ...policy, rules: [{}] }, { ...policy, unknown: 1 }]) {
      expect([each, body.safeParse(each).success]).toEqual([each, endpoint.safeParse(each).success]);
    }
  });

  it('of an answer is told once, where many answers share it', () => {
    const api = describeAll(sessionEndpoints);
    expect(api.components.schemas.Session).toMatchObject({ type: 'object' });
    const reply = api.paths['/sessions/{id}']?.get?.responses['200']?.content[json]?.schema;
    expect(reply).toMatchObject({ properties: { session: { $ref: '#/components/schemas/Session' } } });
  });

  it('that contains itself points at itself', () => {
    const tree = z.strictObject({
      id: z.string(),
      get children() {
        return z.array(tree).default([]);
      },
    });
    const grow = defineEndpoint({
      ...{ method: 'POST', path: '/trees', summary: 'Grow.', body: z.strictObject({ tree }) },
      reply: tree,
    });
    const api = describeAll({ grow });
    const given = read(api, api.paths['/trees']?.post?.requestBody?.content[json]?.schema);
    const answered = read(api, api.paths['/trees']?.post?.responses['200']?.content[json]?.schema);
    const leaf = { id: 'a', children: [] };
    expect(given.safeParse({ tree: { id: 'a', children: [{ id: 'b' }] } }).success).toBe(true);
    expect(given.safeParse({ tree: { id: 'a', children: [{ id: 1 }] } }).success).toBe(false);
    expect(answered.safeParse({ id: 'a', children: [leaf] }).success).toBe(true);
    // What is answered always has its defaults.
    const { growReply, growBody__schema0 } = api.components.schemas;
    expect([growReply, growBody__schema0]).toMatchObject([
      { required: ['id', 'children'] },
      { required: ['id'] },
    ]);
  });

  it('of an address is a parameter for each of its values', () => {
    const api = describeAll(sessionEndpoints);
    const named = (operation: Operation | undefined) =>
      operation?.parameters?.map((each) => [each.in, each.name, each.required]);
    expect(named(api.paths['/sessions/{id}']?.get)).toEqual([['path', 'id', true]]);
    expect(named(api.paths['/sessions']?.get)).toContainEqual(['query', 'provider', false]);
    expect(named(describeAll(daemonEndpoints).paths['/health']?.get)).toBeUndefined();
  });
});

it('refuses to leave a route out', () => {
  const route = { method: 'GET', path: '/secret-door', operation: undefined };
  expect(() => describeApi([route], '1')).toThrow('/secret-door');
});
