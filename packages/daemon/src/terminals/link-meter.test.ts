import { describe, expect, it } from 'vitest';
import { LinkMeter } from './link-meter.ts';

/** One round trip of a link that has more to carry than the window lets through. */
function round(
  meter: LinkMeter,
  at: { from: number; ms: number; bytes: number; acknowledged: number },
): number {
  meter.sent(at.bytes, at.from);
  meter.limited();
  meter.acknowledged(at.acknowledged + at.bytes, at.from + at.ms);
  return at.acknowledged + at.bytes;
}

describe('LinkMeter', () => {
  it('allows 0.3 s of what the link carries, and its shortest round trip', () => {
    const meter = new LinkMeter();
    round(meter, { from: 0, ms: 100, bytes: 20_000, acknowledged: 0 });
    expect(meter.window).toBe(200 * (300 + 100));
  });

  it('believes half of one slow round trip, and all of one that was fast', () => {
    const meter = new LinkMeter();
    let acknowledged = round(meter, { from: 0, ms: 100, bytes: 20_000, acknowledged: 0 });
    acknowledged = round(meter, { from: 100, ms: 10_000, bytes: 20_000, acknowledged });
    expect(meter.window).toBe(101 * (300 + 100));
    round(meter, { from: 10_100, ms: 100, bytes: 30_000, acknowledged });
    expect(meter.window).toBe(300 * (300 + 100));
  });

  it('stays within 8 and 256 KB', () => {
    const meter = new LinkMeter();
    const acknowledged = round(meter, { from: 0, ms: 1, bytes: 30_000, acknowledged: 0 });
    expect(meter.window).toBe(256 * 1024);
    let last = acknowledged;
    for (let from = 1; from < 40_000; from += 1_000) {
      last = round(meter, { from, ms: 999, bytes: 1_000, acknowledged: last });
    }
    expect(meter.window).toBe(8 * 1024);
  });

  it('takes no acknowledgement twice, and none of what was not sent', () => {
    const meter = new LinkMeter();
    meter.sent(100, 0);
    expect([meter.acknowledged(60, 1), meter.acknowledged(60, 1), meter.acknowledged(40, 1)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(meter.acknowledged(101, 1)).toBe('impossible');
    expect(meter.inFlight).toBe(40);
  });
});
