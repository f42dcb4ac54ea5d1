import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';

describe('canonicalJson', () => {
  it('is the same for equal values', () => {
    const one = { b: [1, { d: null, c: 'x' }], a: { y: 1, x: 2 } };
    const two = { a: { x: 2, y: 1 }, b: [1, { c: 'x', d: null }] };
    expect(canonicalJson(one)).toBe('{"a":{"x":2,"y":1},"b":[1,{"c":"x","d":null}]}');
    expect(canonicalJson(two)).toBe(canonicalJson(one));
  });

  it('tells different values apart', () => {
    const texts = [{ a: 1 }, { a: '1' }, { a: [1] }, [{ a: 1 }], { b: 1 }, {}, [], null, 'null'].map(
      canonicalJson,
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('keeps a member called __proto__', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"z":1,"a":2}}'))).toBe(
      '{"__proto__":{"a":2,"z":1},"b":1}',
    );
  });
});
