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
    expect(tmuxFeatures(version)).toMatchObject({
      supported,
      popups: recent,
      clientFlags: recent,
      subscriptions: recent,
    });
  });

  it.each([
    ['3.0a', { tellsBuffers: false, escapesPastes: false, flagsInnerBlocks: false, padsJoinedLines: true }],
    ['3.1c', { tellsBuffers: false, escapesPastes: false, flagsInnerBlocks: false, padsJoinedLines: true }],
    ['3.2a', { tellsBuffers: false, escapesPastes: false, flagsInnerBlocks: true, padsJoinedLines: true }],
    ['3.3a', { tellsBuffers: false, escapesPastes: false, flagsInnerBlocks: true, padsJoinedLines: false }],
    ['3.5a', { tellsBuffers: true, escapesPastes: false, flagsInnerBlocks: true, padsJoinedLines: false }],
    ['3.6b', { tellsBuffers: true, escapesPastes: false, flagsInnerBlocks: true, padsJoinedLines: false }],
    ['3.7', { tellsBuffers: false, escapesPastes: true, flagsInnerBlocks: true, padsJoinedLines: false }],
    ['3.8', { tellsBuffers: false, escapesPastes: true, flagsInnerBlocks: true, padsJoinedLines: false }],
  ])('%s has its ways', (version, ways) => {
    expect(tmuxFeatures(version)).toMatchObject(ways);
  });

  const all = ['3.0a', '3.1c', '3.2', '3.2a', '3.3a', '3.4', '3.5a', '3.6b', 'master'];

  it('is one that dies of a kept pane, and cannot name a client, in 3.2 alone', () => {
    expect(all.filter((version) => tmuxFeatures(version).diesOfKeptPanes)).toEqual(['3.2', '3.2a']);
    expect(all.filter((version) => !tmuxFeatures(version).namesClients)).toEqual(['3.2', '3.2a']);
  });

  it('is one that does not know who was there last, nor keeps spaces, in 3.0 alone', () => {
    expect(all.filter((version) => tmuxFeatures(version).windowSize !== 'latest')).toEqual(['3.0a']);
    expect(all.filter((version) => !tmuxFeatures(version).keepsSpaces)).toEqual(['3.0a']);
  });

  it('is one that escapes dollars in 3.4 alone', () => {
    expect(all.filter((version) => tmuxFeatures(version).escapesDollars)).toEqual(['3.4']);
  });
});
