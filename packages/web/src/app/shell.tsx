import { Link } from '@tanstack/react-router';
import {
  Bell,
  ChartNoAxesColumn,
  CircleCheckBig,
  type LucideIcon,
  Plus,
  Settings,
  ShieldCheck,
  SquareTerminal,
} from 'lucide-react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { Toaster } from 'sonner';
import { feed } from '../api/feed.ts';
import { cx } from '../kit/cx.ts';
import { PaletteHost } from './palette/palette-host.tsx';
import { useWaiting } from './use-waiting.ts';

interface Place {
  to: string;
  label: string;
  icon: LucideIcon;
  /** In the row at the thumb of a phone. */
  isOnPhone: boolean;
}

const places: readonly Place[] = [
  { to: '/', label: 'Fleet', icon: SquareTerminal, isOnPhone: true },
  { to: '/approvals', label: 'Approvals', icon: CircleCheckBig, isOnPhone: true },
  { to: '/policies', label: 'Policies', icon: ShieldCheck, isOnPhone: true },
  { to: '/analytics', label: 'Analytics', icon: ChartNoAxesColumn, isOnPhone: true },
  { to: '/notifications', label: 'Notifications', icon: Bell, isOnPhone: false },
  { to: '/settings', label: 'Settings', icon: Settings, isOnPhone: true },
];

const hasPointer = matchMedia('(hover: hover)').matches;

/** What is around every page: where one can go, and whether the page is live. */
export function Shell({ children }: { children: ReactNode }) {
  const waiting = useWaiting();
  return (
    <div className="flex h-dvh w-full flex-col bg-ground text-text md:flex-row">
      <a
        href="#content"
        className="sr-only z-50 rounded bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <nav
        aria-label="Main"
        className="hidden w-14 shrink-0 flex-col gap-1 border-line border-r bg-panel px-2 py-3 md:flex lg:w-52"
      >
        <p className="hidden px-2 pb-2 font-semibold tracking-tight lg:block">codepiper</p>
        <Link
          to="/new"
          className="mb-2 flex h-9 items-center justify-center gap-2 rounded-md bg-accent px-2 font-medium text-on-accent text-sm hover:brightness-110"
        >
          <Plus aria-hidden="true" className="size-4" />
          <span className="sr-only lg:not-sr-only">New session</span>
        </Link>
        {places.map((place) => (
          <SideLink key={place.to} place={place} count={place.to === '/approvals' ? waiting : 0} />
        ))}
      </nav>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <LinkNotice />
        <main id="content" tabIndex={-1} className="min-h-0 flex-1 outline-none">
          {children}
        </main>
      </div>
      <nav
        aria-label="Main"
        className="flex shrink-0 border-line border-t bg-panel pb-[env(safe-area-inset-bottom)] md:hidden short:hidden"
      >
        {places
          .filter(({ isOnPhone }) => isOnPhone)
          .map((place) => (
            <PhoneLink key={place.to} place={place} count={place.to === '/approvals' ? waiting : 0} />
          ))}
      </nav>
      <PaletteHost />
      <Toaster
        // Where no page has its buttons: between title and controls; on a phone below them, one at a time.
        position="top-center"
        mobileOffset={{ top: 'calc(env(safe-area-inset-top) + 4rem)' }}
        visibleToasts={hasPointer ? 3 : 1}
        toastOptions={{
          // Its own colours are those of a light page.
          classNames: { description: 'text-quiet!', actionButton: 'bg-accent! text-on-accent!' },
          style: {
            background: 'var(--cp-raised)',
            color: 'var(--cp-text)',
            border: '1px solid var(--cp-line)',
          },
        }}
      />
    </div>
  );
}

function SideLink({ place: { to, label, icon: Icon }, count }: { place: Place; count: number }) {
  return (
    <Link
      to={to}
      title={label}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      className="relative flex h-9 items-center gap-2.5 rounded-md px-2.5 text-quiet text-sm hover:bg-raised hover:text-text aria-[current=page]:bg-raised aria-[current=page]:text-text"
    >
      <Icon aria-hidden="true" className="size-4 shrink-0" />
      <span className="sr-only flex-1 lg:not-sr-only">{label}</span>
      <Count value={count} className="absolute top-0 right-0 lg:static" />
    </Link>
  );
}

function PhoneLink({ place: { to, label, icon: Icon }, count }: { place: Place; count: number }) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      className="relative flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-quiet text-xs aria-[current=page]:text-accent"
    >
      <Icon aria-hidden="true" className="size-5" />
      <span className="truncate">{label}</span>
      <Count value={count} className="absolute top-1 right-[calc(50%-1.5rem)]" />
    </Link>
  );
}

function Count({ value, className }: { value: number; className?: string }) {
  if (value === 0) return null;
  return (
    <span
      className={cx('rounded-full bg-wait px-1.5 font-semibold text-ground text-xs tabular-nums', className)}
    >
      {value}
      <span className="sr-only"> waiting</span>
    </span>
  );
}

/** Says that what is shown may be old, for as long as it may. */
function LinkNotice() {
  const state = useSyncExternalStore(feed.onState, feed.state);
  return (
    <div role="status">
      {state === 'reconnecting' && (
        <p className="border-line border-b bg-wait/10 px-4 py-1.5 text-center text-sm text-wait">
          Reconnecting to the daemon… What you see may be old.
        </p>
      )}
    </div>
  );
}
