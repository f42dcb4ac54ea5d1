import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Endpoint } from '@codepiper/core/endpoint.ts';
import { descriptionPath, streams } from '@codepiper/core/streams.ts';
import { createDashboard, type DashboardHouse } from '@codepiper/testkit/dashboard-house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Operation {
  operationId: string;
  summary: string;
  parameters?: { in: string; name: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema?: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: object }> }>;
  security?: object[];
}
interface Description {
  openapi: string;
  info: { title: string; version: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

const core = resolve(import.meta.dirname, '../../packages/core/src');
let dashboard: DashboardHouse;
let api: Description;
let operations: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  dashboard = await createDashboard();
  const answer = await dashboard.visitor().get(descriptionPath);
  expect(answer.status).toBe(200);
  api = answer.body;
  operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
});
afterAll(async () => {
  await dashboard?.[Symbol.asyncDispose]();
});

/** Every endpoint that is defined, whoever mounts it. */
async function endpoints(): Promise<Map<string, Endpoint>> {
  const files = readdirSync(core, { recursive: true, encoding: 'utf8' });
  const found = new Map<string, Endpoint>();
  for (const file of files.filter((name) => name.endsWith('.endpoints.ts'))) {
    const module: Record<string, unknown> = await import(join(core, file));
    for (const [name, value] of Object.entries(module)) {
      if (!name.endsWith('Endpoints')) continue;
      for (const [id, endpoint] of Object.entries(value as Record<string, Endpoint>)) found.set(id, endpoint);
    }
  }
  return found;
}

describe('the description of the API', () => {
  it('is for everybody, and the same on the socket', async () => {
    expect((await dashboard.house.http('GET', descriptionPath)).body).toEqual(api);
    expect((await dashboard.house.http('GET', `/api${descriptionPath}`)).body).toEqual(api);
  });

  it('has every endpoint and every stream, and nothing else', async () => {
    const written = (path: string) => path.replaceAll(/:(\w+)/g, '{$1}');
    const defined = [...(await endpoints()).values()].map(({ method, path }) => `${method} ${written(path)}`);
    const streamed = Object.keys(streams).map((path) => `GET ${written(path)}`);
    expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      [...defined, ...streamed].sort(),
    );
  });

  it('tells of routes that are there, by their methods', async () => {
    for (const [path, methods] of Object.entries(api.paths)) {
      const reply = await dashboard.owner.call(`/api${path.replaceAll(/\{\w+\}/g, 'x')}`, {
        method: 'PATCH',
      });
      expect([path, reply.status]).toEqual([path, 405]);
      const allowed: string[] = reply.body.details.allowed;
      const told = Object.keys(methods).map((method) => method.toUpperCase());
      expect([path, allowed]).toEqual([path, expect.arrayContaining(told)]);
    }
  });

  it('is OpenAPI 3.1: operations are whole, names are used once, parameters are those of the path', () => {
    expect(api.openapi).toMatch(/^3\.1\.\d+$/);
    expect(api.info).toMatchObject({ title: 'codepiper', version: expect.stringMatching(/^\d/) });
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      expect(operation.summary).not.toBe('');
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`).sort()).toEqual((path.match(/\{\w+\}/g) ?? []).sort());
      expect(inPath.every(({ required }) => required)).toBe(true);
      expect(Object.keys(operation.responses).some((status) => /^[12]\d\d$/.test(status))).toBe(true);
      for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('');
      for (const requirement of operation.security ?? []) {
        expect(Object.keys(requirement).every((name) => name in api.components.securitySchemes)).toBe(true);
      }
    }
  });

  it('points only at what is in it', () => {
    const refs = [...JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
    expect(refs.length).toBeGreaterThan(100);
    const missing = refs.filter((ref) => {
      const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(ref) ?? [];
      return name === undefined || !(name in api.components.schemas);
    });
    expect(missing).toEqual([]);
    expect(JSON.stringify(api)).not.toMatch(/"\$(?:defs|schema)":/);
  });

  it('says who may ask what', () => {
    const of = (id: string) => operations.find(({ operation }) => operation.operationId === id)?.operation;
    expect(of('logIn')?.security).toEqual([]);
    expect(of('listSessions')?.security).toBeUndefined();
    expect(of('listSessions')?.responses['401']?.description).toContain('sign_in_required');
    expect(of('resetMfa')).toMatchObject({ description: expect.stringContaining('Unix socket only') });
  });
});
