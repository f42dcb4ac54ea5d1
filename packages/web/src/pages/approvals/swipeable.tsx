import { Check, X } from 'lucide-react';
import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { cx } from '../../kit/cx.ts';

interface Side {
  label: string;
  run(): void;
}

interface Props {
  /** What a swipe to the right does; null for nothing. */
  right: Side | null;
  left: Side | null;
  children: ReactNode;
}

/** How far counts, in pixels, and how far before it is known to be no scrolling. */
const farPx = 110;
const slack = 12;

/** Follows a finger to the side, shows what letting go would do, and does it when it went far enough. */
export function Swipeable({ right, left, children }: Props) {
  const [by, setBy] = useState(0);
  const start = useRef<{ x: number; y: number; isSwipe: boolean } | null>(null);

  const onMove = ({ clientX, clientY, currentTarget, pointerId }: PointerEvent<HTMLDivElement>) => {
    const from = start.current;
    if (!from) return;
    const [x, y] = [clientX - from.x, clientY - from.y];
    if (!from.isSwipe) {
      if (Math.abs(y) > slack) start.current = null;
      if (Math.abs(x) < slack || Math.abs(y) > Math.abs(x)) return;
      from.isSwipe = true;
      currentTarget.setPointerCapture(pointerId);
    }
    const isPossible = x > 0 ? right !== null : left !== null;
    setBy(isPossible ? x : x / 6);
  };
  const end = () => {
    const { isSwipe = false } = start.current ?? {};
    start.current = null;
    setBy(0);
    if (!isSwipe) return;
    if (by > farPx) right?.run();
    else if (by < -farPx) left?.run();
  };
  const side = by > 0 ? right : left;
  return (
    <div
      className="relative touch-pan-y overflow-hidden"
      onPointerDown={({ pointerType, clientX, clientY, target, currentTarget }) => {
        // A dialog that was opened from here is ours for React, but not under the finger.
        if (!(target instanceof Node) || !currentTarget.contains(target)) return;
        if (pointerType !== 'touch' || scrollsSideways(target)) return;
        start.current = { x: clientX, y: clientY, isSwipe: false };
      }}
      onPointerMove={onMove}
      onPointerUp={end}
      onPointerCancel={() => {
        start.current = null;
        setBy(0);
      }}
    >
      {by !== 0 && side && (
        <div
          aria-hidden="true"
          className={cx(
            'absolute inset-0 flex items-center gap-2 px-5 font-medium text-sm',
            by > 0 ? 'justify-start' : 'justify-end',
            Math.abs(by) > farPx
              ? by > 0
                ? 'bg-live text-ground'
                : 'bg-gone text-ground'
              : 'bg-raised text-quiet',
          )}
        >
          {by > 0 ? <Check className="size-5" /> : <X className="size-5" />}
          {side.label}
        </div>
      )}
      <div
        className={cx('relative bg-ground', by === 0 && 'transition-transform')}
        style={by === 0 ? undefined : { transform: `translateX(${by}px)` }}
      >
        {children}
      </div>
    </div>
  );
}

/** Whether a finger there scrolls a long line, as in a command or a diff. */
function scrollsSideways(target: EventTarget): boolean {
  for (let at = target instanceof Element ? target : null; at; at = at.parentElement) {
    if (at.scrollWidth > at.clientWidth && /auto|scroll/.test(getComputedStyle(at).overflowX)) return true;
  }
  return false;
}
