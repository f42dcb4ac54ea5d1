import { type NotificationEvent, notificationEvents } from '@codepiper/core/notifications/names.ts';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { loadPart } from '../kit/load-part.ts';
import { SkeletonRows } from '../kit/states.tsx';
import { readApprovalSearch } from '../pages/approvals/approval-search.ts';
import { readFleetSearch } from '../pages/fleet/fleet-search.ts';
import { readNewSessionSearch } from '../pages/new-session/new-session-search.ts';
import type { NotificationSearch } from '../pages/notifications/notifications-query.ts';
import { readPolicySearch } from '../pages/policies/policy-search.ts';
import { type SettingsSection, settingsSections } from '../pages/settings/settings-sections.ts';
import { AuthGate } from './auth-gate.tsx';
import { ErrorPage, NotFoundPage } from './error-page.tsx';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  /** `to`: where to go once signed in. */
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === 'string' ? { to } : {},
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/sign-in/sign-in-page.tsx')),
    'SignInPage',
  ),
});

const gate = createRoute({ getParentRoute: () => root, id: 'gate', component: AuthGate });

const fleet = createRoute({
  getParentRoute: () => gate,
  path: '/',
  validateSearch: readFleetSearch,
  component: lazyRouteComponent(() => loadPart(() => import('../pages/fleet/fleet-page.tsx')), 'FleetPage'),
});

const newSession = createRoute({
  getParentRoute: () => gate,
  path: '/new',
  validateSearch: readNewSessionSearch,
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/new-session/new-session-page.tsx')),
    'NewSessionPage',
  ),
});

export const sessionTabs = ['terminal', 'conversation', 'events', 'policies'] as const;
export type SessionTab = (typeof sessionTabs)[number];

const session = createRoute({
  getParentRoute: () => gate,
  path: '/sessions/$session',
  /** `entry`: an entry of the conversation to show. */
  validateSearch: ({ tab, entry }: Record<string, unknown>): { tab?: SessionTab; entry?: number } => ({
    ...(sessionTabs.includes(tab as SessionTab) ? { tab: tab as SessionTab } : {}),
    ...(Number.isInteger(entry) ? { entry: entry as number } : {}),
  }),
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/session/session-page.tsx')),
    'SessionPage',
  ),
});

const approvals = createRoute({
  getParentRoute: () => gate,
  path: '/approvals',
  validateSearch: readApprovalSearch,
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/approvals/approvals-page.tsx')),
    'ApprovalsPage',
  ),
});

const approval = createRoute({
  getParentRoute: () => gate,
  path: '/approvals/$approval',
  validateSearch: readApprovalSearch,
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/approvals/approvals-page.tsx')),
    'ApprovalsPage',
  ),
});

const policies = createRoute({
  getParentRoute: () => gate,
  path: '/policies',
  validateSearch: readPolicySearch,
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/policies/policies-page.tsx')),
    'PoliciesPage',
  ),
});

const analytics = createRoute({
  getParentRoute: () => gate,
  path: '/analytics',
  validateSearch: (
    search: Record<string, unknown>,
  ): { range?: string; provider?: string; workspace?: string } => ({
    ...(typeof search.range === 'string' ? { range: search.range } : {}),
    ...(typeof search.provider === 'string' ? { provider: search.provider } : {}),
    ...(typeof search.workspace === 'string' ? { workspace: search.workspace } : {}),
  }),
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/analytics/analytics-page.tsx')),
    'AnalyticsPage',
  ),
});

const notifications = createRoute({
  getParentRoute: () => gate,
  path: '/notifications',
  /** `unread`: only those. `event`, `session`: filters. */
  validateSearch: ({ unread, event, session }: Record<string, unknown>): NotificationSearch => ({
    ...(unread === true ? { unread } : {}),
    ...(notificationEvents.includes(event as NotificationEvent) ? { event: event as NotificationEvent } : {}),
    ...(typeof session === 'string' ? { session } : {}),
  }),
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/notifications/notifications-page.tsx')),
    'NotificationsPage',
  ),
});

const settings = createRoute({
  getParentRoute: () => gate,
  path: '/settings',
  validateSearch: ({ section }: Record<string, unknown>): { section?: SettingsSection } =>
    settingsSections.includes(section as SettingsSection) ? { section: section as SettingsSection } : {},
  component: lazyRouteComponent(
    () => loadPart(() => import('../pages/settings/settings-page.tsx')),
    'SettingsPage',
  ),
});

/** The addresses of the dashboard. What a page needs beyond the frame is loaded when it is opened. */
export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    gate.addChildren([
      fleet,
      newSession,
      session,
      approvals,
      approval,
      policies,
      analytics,
      notifications,
      settings,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: SkeletonRows,
  defaultErrorComponent: ErrorPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
