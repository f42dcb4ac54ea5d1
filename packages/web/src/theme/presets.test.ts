import { describe, expect, it } from 'vitest';
import { presets, type Tokens } from './presets.ts';

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** A colour over another, as a browser mixes them. */
function over(top: string, part: number, below: string): string {
  const channel = (hex: string, at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return `#${[1, 3, 5]
    .map((at) => Math.round(channel(top, at) * part + channel(below, at) * (1 - part)))
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')}`;
}

const surfaces = ['ground', 'panel', 'raised'] as const;
const inks = ['text', 'quiet', 'accent', 'live', 'wait', 'gone'] as const satisfies (keyof Tokens)[];

describe.each(presets)('preset $name', ({ tokens, terminal }) => {
  it.each(surfaces.flatMap((surface) => inks.map((ink) => [ink, surface] as const)))(
    '%s can be read on %s',
    (ink, surface) => {
      expect(contrast(tokens[ink], tokens[surface])).toBeGreaterThanOrEqual(4.5);
      // A badge has its own colour behind it, thin.
      const tint = over(tokens[ink], 0.1, tokens[surface]);
      expect(contrast(tokens[ink], tint), `${ink} on its tint`).toBeGreaterThanOrEqual(4.5);
    },
  );

  it('text can be read on the accent and on changed lines, and edges are seen', () => {
    expect(contrast(tokens.onAccent, tokens.accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.text, tokens.added)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.text, tokens.removed)).toBeGreaterThanOrEqual(4.5);
    for (const surface of surfaces) expect(contrast(tokens.edge, tokens[surface])).toBeGreaterThanOrEqual(3);
  });

  it('the terminal’s text and its colours can be read on its ground', () => {
    const ground = terminal.background ?? '';
    expect(contrast(terminal.foreground ?? '', ground)).toBeGreaterThanOrEqual(7);
    for (const name of ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'brightBlack'] as const) {
      expect(contrast(terminal[name] ?? '', ground), name).toBeGreaterThanOrEqual(4.5);
    }
  });
});
