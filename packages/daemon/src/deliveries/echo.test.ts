import { describe, expect, it } from 'vitest';
import { countEchoes, echoNeedle } from './echo.ts';

describe('the echo of a text', () => {
  it('is looked for by its last line that says something', () => {
    expect(echoNeedle('first\n  second line \n\n')).toBe('secondline');
  });

  it('is found where the pane wrapped it and expanded its tabs', () => {
    const text = `printf '\tone two three'; ${'x'.repeat(70)} end`;
    const screen = `$ printf '      one two three'; ${'x'.repeat(30)}\n${'x'.repeat(40)} end\n$ `;
    expect(countEchoes(screen, echoNeedle(text))).toBe(1);
  });

  it('is told from the same text that stood there before by counting', () => {
    const needle = echoNeedle('ls');
    expect(countEchoes('$ ls\na b\n$ ', needle)).toBe(1);
    expect(countEchoes('$ ls\na b\n$ ls\na b\n', needle)).toBe(2);
  });

  it('is never found for a text of white space', () => {
    expect(countEchoes('anything', echoNeedle(' \n\t\n'))).toBe(0);
  });
});
