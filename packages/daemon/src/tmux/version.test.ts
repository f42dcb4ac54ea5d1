import { describe, expect, it } from 'vitest';
import { tmuxFeatures, tmuxVersion } from './version.ts';

describe('tmux version', () => {
  it('is read from the installed program', async () => {
    expect(await tmuxVersion(process.env)).toMatch(/^(next-|openbsd-)?\d+\.\d+[a-z]?$|^master$/);
  });

  it('is null where tmux is not installed', async () => {
    expect(await tmuxVersion({ PATH: '/nonexistent' })).toBeNull();
  });

  it.each([
    ['2.9a', false, false],
    ['3.0a', true, false],
    ['3.1c', true, false],
    ['3.2', true, true],
    ['3.3a', true, true],
    ['next-3.6', true, true],
    ['3.10', true, true],
    ['master', true, true],
    ['openbsd-7.4', true, true],
  ])('%s: supported %s, flags and subscriptions %s', (version, supported, recent) => {
    expect(tmuxFeatures(version)).toEqual({
      supported,
      popups: recent,
      clientFlags: recent,
      subscriptions: recent,
    });
  });
});
