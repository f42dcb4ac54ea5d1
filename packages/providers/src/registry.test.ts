import { capabilitiesSchema, providerIds } from '@codepiper/core/providers/provider.ts';
import { describe, expect, test } from 'vitest';
import { getProvider } from './registry.ts';

describe.each(providerIds)('%s', (id) => {
  const provider = getProvider(id);

  test('is itself, with capabilities that clients can read', () => {
    expect(provider.id).toBe(id);
    expect(capabilitiesSchema.parse(provider.capabilities)).toEqual(provider.capabilities);
  });

  test('says how it is installed and how it ends', () => {
    expect(provider.installHint === null).toBe(provider.binary === null);
    expect(provider.stop.length).toBeGreaterThan(0);
    expect(provider.capabilities.supportsModelSwitch).toBe(provider.modelSwitch.kind !== 'none');
  });

  test('passes no variable on that it takes away', () => {
    const keys = new Set(provider.apiKeyVariables);
    expect(provider.inheritedVariables.filter((name) => keys.has(name))).toEqual([]);
  });

  test('can replay its guards in JavaScript as in tmux', () => {
    for (const guard of provider.input.guards) expect(() => new RegExp(guard)).not.toThrow();
  });
});
