import type { Approval } from '@codepiper/core/approvals/approval.ts';
import type { useNavigate } from '@tanstack/react-router';
import {
  Bell,
  ChartNoAxesColumn,
  CircleCheckBig,
  CircleStop,
  LogOut,
  type LucideIcon,
  Palette as PaletteIcon,
  Plus,
  Settings,
  ShieldCheck,
  SquareTerminal,
} from 'lucide-react';
import { toast } from 'sonner';
import { authStore } from '../../api/auth-store.ts';
import { client } from '../../api/client.ts';
import { cardOf, type FleetEntry } from '../../api/fleet-store.ts';
import { agentNames } from '../../api/session-words.ts';
import { wordsOf } from '../../api/words-of.ts';
import { presets } from '../../theme/presets.ts';
import { themeStore } from '../../theme/theme-store.ts';

export interface Command {
  /** The same every time, so that it can be found again. */
  id: string;
  group: 'Needs you' | 'Sessions' | 'Do' | 'Go to' | 'Theme';
  label: string;
  /** Beside it: where, what. */
  note?: string;
  /** Found by these words too. */
  keywords?: readonly string[];
  icon: LucideIcon;
  tone?: 'wait';
  /** Not done at once: other commands are shown. */
  opens?: 'stop';
  /** It would be about something else the next time. */
  isPassing?: boolean;
  run(): void;
}

/** Longest text of a call that is approved from here, in UTF-16 code units. */
const longestText = 120;

type Navigate = ReturnType<typeof useNavigate>;

/** All there is to do, as things are now. */
export function commandsOf(entries: readonly FleetEntry[], navigate: Navigate): Command[] {
  return [
    ...oldestApproval(entries, navigate),
    // Those that need a person before the others, the newest first.
    ...entries
      .toSorted((a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting'))
      .map((entry) => sessionCommand(entry, navigate)),
    { ...does('new', 'New session', Plus, ['start', 'create']), run: () => void navigate({ to: '/new' }) },
    ...(entries.some(isLive)
      ? [
          {
            ...does('stop', 'Stop a session…', CircleStop, ['end', 'quit', 'kill']),
            opens: 'stop' as const,
            run: () => undefined,
          },
        ]
      : []),
    { ...does('sign-out', 'Sign out', LogOut, ['log out']), run: () => void authStore.signOut() },
    ...places(navigate),
    ...themes(),
  ];
}

/** The sessions that can be stopped. */
export function stopCommands(entries: readonly FleetEntry[]): Command[] {
  return entries.filter(isLive).map((entry) => ({
    id: `stop ${entry.id}`,
    group: 'Sessions',
    label: `Stop ${entry.name}`,
    note: noteOf(entry),
    keywords: [entry.cwd],
    icon: CircleStop,
    isPassing: true,
    run: () => void stop(entry),
  }));
}

function sessionCommand(entry: FleetEntry, navigate: Navigate): Command {
  return {
    id: `session ${entry.id}`,
    group: 'Sessions',
    label: entry.name,
    note: noteOf(entry),
    keywords: [entry.cwd, entry.id, entry.branch ?? '', entry.state],
    icon: SquareTerminal,
    ...(entry.state === 'waiting' ? { tone: 'wait' as const } : {}),
    run: () => void navigate({ to: '/sessions/$session', params: { session: entry.id } }),
  };
}

/** The one that has waited longest: approved from here, or opened where it needs more than a yes. */
function oldestApproval(entries: readonly FleetEntry[], navigate: Navigate): Command[] {
  const [oldest] = entries
    .filter(({ hasApproval }) => hasApproval)
    .toSorted((a, b) => (a.waitsSince ?? '').localeCompare(b.waitsSince ?? ''));
  const approval = oldest && cardOf(oldest.id)?.approval;
  if (!approval) return [];
  const { id } = approval;
  const open: Command = {
    id: 'open-oldest',
    group: 'Needs you',
    label: `Open the oldest approval, of ${oldest.name}`,
    note: approval.summary,
    keywords: ['answer', 'question'],
    icon: CircleCheckBig,
    tone: 'wait',
    isPassing: true,
    run: () => void navigate({ to: '/approvals/$approval', params: { approval: id } }),
  };
  const text = wholeText(approval);
  if (text === null) return [open];
  const approve: Command = {
    ...open,
    id: 'approve-oldest',
    label: `Approve the oldest, of ${oldest.name}`,
    note: text,
    keywords: ['allow', 'yes'],
    run: () => void approveOnce(id, text),
  };
  return [approve, open];
}

/** What a call does, where one line says all of it; null where more has to be seen before it is approved. */
function wholeText({ kind, toolKind, input, diff, summary }: Approval): string | null {
  if (kind !== 'tool' || diff !== null) return null;
  const text = toolKind === 'shell' ? input.command : summary;
  const isWhole = typeof text === 'string' && text.length <= longestText && !/[\p{Cc}\p{Cf}]/u.test(text);
  return isWhole ? text : null;
}

async function approveOnce(id: string, summary: string): Promise<void> {
  try {
    await client.request('POST', '/approvals/:id/approve', { params: { id }, body: { grant: 'once' } });
    toast.success(`Approved: ${summary}`);
  } catch (error) {
    toast.error(wordsOf(error));
  }
}

async function stop({ id, name }: FleetEntry): Promise<void> {
  try {
    await client.request('POST', '/sessions/:id/stop', { params: { id }, body: {} });
    toast.success(`${name} stopped. It can be resumed.`);
  } catch (error) {
    toast.error(wordsOf(error));
  }
}

function places(navigate: Navigate): Command[] {
  const go = (to: string, label: string, icon: LucideIcon, keywords: string[] = []): Command => ({
    id: `go ${to}`,
    group: 'Go to',
    label,
    icon,
    keywords,
    run: () => void navigate({ href: to }),
  });
  return [
    go('/', 'Fleet', SquareTerminal, ['home', 'sessions']),
    go('/approvals', 'Approvals', CircleCheckBig),
    go('/policies', 'Policies', ShieldCheck, ['rules']),
    go('/policies?tab=sets', 'Policy sets', ShieldCheck),
    go('/policies?tab=laboratory', 'Policy laboratory', ShieldCheck, ['replay', 'explain', 'lint']),
    go('/policies?tab=audit', 'Audit log', ShieldCheck, ['decisions', 'trace']),
    go('/analytics', 'Analytics', ChartNoAxesColumn, ['cost', 'tokens']),
    go('/notifications', 'Notifications', Bell),
    go('/settings', 'Settings', Settings),
    go('/settings?section=security', 'Devices and security', Settings, ['passkey', 'password']),
    go('/settings?section=about', 'About and doctor', Settings, ['version', 'health']),
  ];
}

function themes(): Command[] {
  const theme = (id: string, label: string, run: () => void): Command => ({
    id: `theme ${id}`,
    group: 'Theme',
    label,
    icon: PaletteIcon,
    keywords: ['colours', 'appearance', 'dark', 'light'],
    run,
  });
  return [
    theme('system', 'Follow the system', () => themeStore.choose({ mode: 'system' })),
    ...presets.map(({ id, name, scheme }) =>
      theme(id, `${name}, ${scheme}`, () => themeStore.choose({ mode: scheme, [scheme]: id })),
    ),
  ];
}

function does(id: string, label: string, icon: LucideIcon, keywords: string[]) {
  return { id, group: 'Do' as const, label, icon, keywords };
}

function noteOf({ provider, place, branch, state }: FleetEntry): string {
  const where = branch === null ? place : `${place} · ${branch}`;
  return `${agentNames[provider]} · ${where} · ${state === 'waiting' ? 'needs you' : state}`;
}

function isLive({ state }: FleetEntry): boolean {
  return state !== 'stopped' && state !== 'crashed';
}
