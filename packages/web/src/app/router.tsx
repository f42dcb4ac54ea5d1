import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { SkeletonRows } from '../kit/states.tsx';
import { AuthGate } from './auth-gate.tsx';
import { ErrorPage, NotFoundPage } from './error-page.tsx';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage });

/** Where to go once signed in: an address of ours, never somebody else's. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === 'string' && /^\/(?![/\\])/.test(to) ? { to } : {},
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const gate = createRoute({ getParentRoute: () => root, id: 'gate', component: AuthGate });

const fleet = createRoute({
  getParentRoute: () => gate,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/fleet/fleet-page.tsx'), 'FleetPage'),
});

const newSession = createRoute({
  getParentRoute: () => gate,
  path: '/new',
  component: lazyRouteComponent(() => import('../pages/new-session/new-session-page.tsx'), 'NewSessionPage'),
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
  component: lazyRouteComponent(() => import('../pages/session/session-page.tsx'), 'SessionPage'),
});

const approvals = createRoute({
  getParentRoute: () => gate,
  path: '/approvals',
  component: lazyRouteComponent(() => import('../pages/approvals/approvals-page.tsx'), 'ApprovalsPage'),
});

const approval = createRoute({
  getParentRoute: () => gate,
  path: '/approvals/$approval',
  component: lazyRouteComponent(() => import('../pages/approvals/approvals-page.tsx'), 'ApprovalsPage'),
});

export const policyTabs = ['rules', 'sets', 'laboratory', 'audit'] as const;
export type PolicyTab = (typeof policyTabs)[number];

const policies = createRoute({
  getParentRoute: () => gate,
  path: '/policies',
  /** `policy`: the one that is open. `decision`: an entry of the audit log. `session`: a filter. */
  validateSearch: (
    search: Record<string, unknown>,
  ): { tab?: PolicyTab; policy?: string; decision?: number; session?: string } => ({
    ...(policyTabs.includes(search.tab as PolicyTab) ? { tab: search.tab as PolicyTab } : {}),
    ...(typeof search.policy === 'string' ? { policy: search.policy } : {}),
    ...(Number.isInteger(search.decision) ? { decision: search.decision as number } : {}),
    ...(typeof search.session === 'string' ? { session: search.session } : {}),
  }),
  component: lazyRouteComponent(() => import('../pages/policies/policies-page.tsx'), 'PoliciesPage'),
});

const analytics = createRoute({
  getParentRoute: () => gate,
  path: '/analytics',
  validateSearch: ({ range }: Record<string, unknown>): { range?: string } =>
    typeof range === 'string' ? { range } : {},
  component: lazyRouteComponent(() => import('../pages/analytics/analytics-page.tsx'), 'AnalyticsPage'),
});

const notifications = createRoute({
  getParentRoute: () => gate,
  path: '/notifications',
  component: lazyRouteComponent(
    () => import('../pages/notifications/notifications-page.tsx'),
    'NotificationsPage',
  ),
});

export const settingsSections = [
  'daemon',
  'security',
  'notifications',
  'appearance',
  'api',
  'about',
] as const;
export type SettingsSection = (typeof settingsSections)[number];

const settings = createRoute({
  getParentRoute: () => gate,
  path: '/settings',
  validateSearch: ({ section }: Record<string, unknown>): { section?: SettingsSection } =>
    settingsSections.includes(section as SettingsSection) ? { section: section as SettingsSection } : {},
  component: lazyRouteComponent(() => import('../pages/settings/settings-page.tsx'), 'SettingsPage'),
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
