import { analyticsEndpoints } from '@codepiper/core/analytics/analytics.endpoints.ts';
import { approvalEndpoints } from '@codepiper/core/approvals/approval.endpoints.ts';
import { attachmentEndpoints } from '@codepiper/core/attachments/attachment.endpoints.ts';
import { auditEndpoints } from '@codepiper/core/audit/audit.endpoints.ts';
import { authEndpoints } from '@codepiper/core/auth/auth.endpoints.ts';
import type { Clock } from '@codepiper/core/clock.ts';
import { daemonEndpoints } from '@codepiper/core/daemon/daemon.endpoints.ts';
import { eventEndpoints } from '@codepiper/core/events/event.endpoints.ts';
import { fleetEndpoints } from '@codepiper/core/fleet/fleet.endpoints.ts';
import { notificationEndpoints } from '@codepiper/core/notifications/notification.endpoints.ts';
import { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import { recordingEndpoints } from '@codepiper/core/recordings/recording.endpoints.ts';
import { searchEndpoints } from '@codepiper/core/search/search.endpoints.ts';
import { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import { settingsEndpoints } from '@codepiper/core/settings/settings.endpoints.ts';
import { terminalEndpoints } from '@codepiper/core/terminals/terminal.endpoints.ts';
import { conversationEndpoints } from '@codepiper/core/transcripts/conversation.endpoints.ts';
import { transcriptEndpoints } from '@codepiper/core/transcripts/transcript.endpoints.ts';
import type { FastifyInstance } from 'fastify';
import { analyticsHandlers } from './analytics/analytics.routes.ts';
import type { ApprovalAnswers } from './approvals/answers.ts';
import { approvalHandlers } from './approvals/approvals.routes.ts';
import { auditHandlers } from './audit/audit.routes.ts';
import type { AuditService } from './audit/audit.service.ts';
import { authHandlers } from './auth/auth.routes.ts';
import type { AuthRoom } from './auth/auth.ts';
import { mountConversationStream } from './conversations/conversation-stream.routes.ts';
import { conversationHandlers, transcriptEvents } from './conversations/conversations.routes.ts';
import { feedEntries } from './conversations/entry-feed.ts';
import { mountExport } from './conversations/export.routes.ts';
import type { QueryThread } from './db/transcripts/query-thread.ts';
import { deliveryHandlers } from './deliveries/deliveries.routes.ts';
import type { DeliveriesService } from './deliveries/deliveries.service.ts';
import type { ModelSwitch } from './deliveries/model-switch.ts';
import { mountEventSocket, mountEventStream } from './events/events.routes.ts';
import { feedEvents } from './events/feed.ts';
import type { Ledger } from './events/ledger.ts';
import { type FeedSources, mountFeed } from './feed/feed.routes.ts';
import type { Directories } from './fleet/directories.ts';
import type { Drafts } from './fleet/drafts.ts';
import { fleetHandlers } from './fleet/fleet.routes.ts';
import type { FleetService } from './fleet/fleet.service.ts';
import { mountFleetStream } from './fleet/fleet-stream.routes.ts';
import type { DecisionsService } from './hooks/decisions.service.ts';
import { mountDecide } from './hooks/hooks.routes.ts';
import { mountDescription } from './http/api-description.ts';
import { allowLoopbackNames } from './http/listen-loopback.ts';
import { type Handlers, mountEndpoints } from './http/mount.ts';
import type { UploadFolder } from './http/uploads.ts';
import { mountDevPage, mountDevPageOnDemand, toDevPage } from './http/web-page.ts';
import { acceptWebSockets, type WebSocketDoor } from './http/ws.ts';
import { imageHandlers } from './images/images.routes.ts';
import type { ImagesService } from './images/images.service.ts';
import type { Log } from './log/log.ts';
import { notificationHandlers } from './notifications/notifications.routes.ts';
import type { NotificationsRoom } from './notifications/notifications.ts';
import type { Laboratory } from './policies/laboratory.ts';
import { policyHandlers } from './policies/policies.routes.ts';
import type { PoliciesService } from './policies/policies.service.ts';
import type { PolicyBook } from './policies/policy-book.ts';
import type { PolicyJudge } from './policies/policy-judge.ts';
import type { PolicySetsService } from './policies/policy-sets.service.ts';
import type { TranscriptQueries } from './query-worker.ts';
import { mountCast, recordingHandlers } from './recordings/recordings.routes.ts';
import type { RecordingsService } from './recordings/recordings.service.ts';
import { searchHandlers } from './search/search.routes.ts';
import type { Launcher } from './sessions/launcher.ts';
import type { SessionPolicies } from './sessions/session-policies.ts';
import type { SessionTerminal } from './sessions/session-terminal.ts';
import { sessionHandlers, sessionPolicyHandlers } from './sessions/sessions.routes.ts';
import type { SessionsService } from './sessions/sessions.service.ts';
import type { SessionsStore } from './sessions/sessions.store.ts';
import type { Doctor } from './settings/doctor.ts';
import type { Restart } from './settings/restart.ts';
import { settingsHandlers } from './settings/settings.routes.ts';
import type { DaemonSettingsService } from './settings/settings.service.ts';
import type { SharedTerminals } from './terminals/shared-terminal.ts';
import { mountTerminalSocket, terminalHandlers } from './terminals/terminal-socket.routes.ts';
import { mountOutputStream } from './terminals/terminals.routes.ts';
import type { TerminalsService } from './terminals/terminals.service.ts';
import type { TerminalTickets } from './terminals/tickets.ts';
import type { TranscriptJobs } from './transcripts/transcript-jobs.ts';
import { transcriptHandlers } from './transcripts/transcripts.routes.ts';
import type { TranscriptsService } from './transcripts/transcripts.service.ts';
import { voiceHandlers } from './voice/voice.routes.ts';
import type { VoiceService } from './voice/voice.service.ts';

/** What answers: the services of all rooms, as daemon.ts made them. */
export interface ApiParts {
  answers: ApprovalAnswers;
  audit: AuditService;
  auth: AuthRoom;
  book: PolicyBook;
  clock: Clock;
  /** Aborted when the daemon stops: whoever waits is answered at once. */
  closing: AbortSignal;
  daemonSettings: DaemonSettingsService;
  /** The daemon's own endpoints. */
  daemon: Handlers<typeof daemonEndpoints>;
  decisions: DecisionsService;
  deliveries: DeliveriesService;
  directories: Directories;
  doctor: Doctor;
  drafts: Drafts;
  fleet: FleetService;
  images: ImagesService;
  jobs: TranscriptJobs;
  judge: PolicyJudge;
  laboratory: Laboratory;
  launcher: Launcher;
  ledger: Ledger;
  log: Log;
  models: ModelSwitch;
  notifications: NotificationsRoom;
  policies: PoliciesService;
  policySets: PolicySetsService;
  queries: QueryThread<TranscriptQueries>;
  recordings: RecordingsService;
  restart: Restart;
  sessionPolicies: SessionPolicies;
  sessions: SessionsService;
  sessionsStore: SessionsStore;
  shared: SharedTerminals;
  terminal: SessionTerminal;
  terminals: TerminalsService;
  tickets: TerminalTickets;
  transcripts: TranscriptsService;
  uploads: UploadFolder;
  /** Of the program. */
  version: string;
  voice: VoiceService;
}

/** Mounts what the Unix socket serves: the whole API, what hooks ask, and the development page. */
export function mountApi(app: FastifyInstance, parts: ApiParts): void {
  mountRooms(app, parts, acceptWebSockets(app));
  mountDecide(app, { decisions: parts.decisions, closing: parts.closing, log: parts.log });
  mountDevPageOnDemand(app, parts.log);
}

/** Mounts every room: what the Unix socket and the dashboard have in common. */
export function mountRooms(app: FastifyInstance, parts: ApiParts, door: WebSocketDoor): void {
  const { clock, closing, ledger, log, queries, sessions, terminals, transcripts } = parts;
  const { ask } = queries;
  const conversations = { get: async (ref: string) => (await ask('conversation', { ref })).conversation };
  const endDescription = mountDescription(app, parts.version);

  mountEndpoints(
    app,
    sessionEndpoints,
    { ...sessionVerbs(parts), ...deliveryHandlers(parts.deliveries, sessions, parts.models) },
    { closing },
  );
  mountEndpoints(app, policyEndpoints, {
    ...policyHandlers({ ...parts, findSession: (ref) => parts.sessionPolicies.find(ref) }),
    ...sessionPolicyHandlers(parts.sessionPolicies, {
      defaultOf: (session) => parts.policies.defaultOf(session),
      setDefault: (action, who) => parts.daemonSettings.change({ defaultPolicyAction: action }, who),
    }),
  });
  mountEndpoints(
    app,
    attachmentEndpoints,
    { ...imageHandlers(parts.images), ...voiceHandlers(parts.voice, sessions) },
    { closing, uploads: parts.uploads },
  );
  mountEndpoints(app, auditEndpoints, auditHandlers({ audit: parts.audit, ask, clock }));
  mountEndpoints(app, authEndpoints, authHandlers(parts.auth));
  mountEndpoints(app, approvalEndpoints, approvalHandlers(parts.answers));
  mountEndpoints(
    app,
    analyticsEndpoints,
    analyticsHandlers({
      ask,
      sessions: { get: (ref) => sessions.get(ref), countLive: () => parts.sessionsStore.countLive() },
      conversations,
      clock,
    }),
  );
  mountEndpoints(app, fleetEndpoints, fleetHandlers(parts));
  mountEndpoints(app, conversationEndpoints, conversationHandlers({ ask, sessions }));
  mountEndpoints(app, searchEndpoints, searchHandlers({ ask, sessions, conversations, clock }));
  mountEndpoints(app, transcriptEndpoints, transcriptHandlers({ transcripts, jobs: parts.jobs, ask, clock }));
  mountEndpoints(app, eventEndpoints, {
    listSessionEvents: async ({ params, query: { source, ...query } }) => {
      const { id } = await sessions.get(params.id);
      if (source === 'transcript') return transcriptEvents(ask, id, query);
      return ledger.list({ sessionId: id, source, ...query });
    },
  });
  mountEndpoints(app, daemonEndpoints, parts.daemon);
  mountEndpoints(
    app,
    settingsEndpoints,
    settingsHandlers({ settings: parts.daemonSettings, restart: parts.restart, doctor: parts.doctor }),
  );
  mountEndpoints(app, notificationEndpoints, notificationHandlers(parts.notifications, sessions));
  mountEndpoints(app, terminalEndpoints, terminalHandlers(sessions, parts.tickets));
  mountEndpoints(app, recordingEndpoints, recordingHandlers(parts.recordings));

  mountEventStream(app, { ledger, log });
  mountEventSocket(app, { ledger, log, door });
  mountFleetStream(app, { fleet: parts.fleet, log });
  mountConversationStream(app, { queries, transcripts, sessions, log });
  mountFeed(app, { sources: feedSources(parts), log, door });
  mountExport(app, { ask, sessions, clock, log });
  mountOutputStream(app, { terminals, log });
  mountTerminalSocket(app, { ...parts, door });
  mountCast(app, { recordings: parts.recordings, log });
  endDescription();
}

/**
 * Mounts the page of the live terminal and no more of the API than it needs, for a port where nobody can tell who is
 * at the other end.
 */
export function mountTerminalPage(app: FastifyInstance, parts: ApiParts): void {
  allowLoopbackNames(app);
  const { listSessions, getSession } = sessionEndpoints;
  const verbs = sessionVerbs(parts);
  mountEndpoints(
    app,
    { listSessions, getSession, health: daemonEndpoints.health },
    { listSessions: verbs.listSessions, getSession: verbs.getSession, health: parts.daemon.health },
  );
  mountTerminalSocket(app, { ...parts, door: acceptWebSockets(app) });
  mountDevPage(app);
  app.get('/', toDevPage);
}

function feedSources({ ledger, fleet, queries, transcripts, sessions }: ApiParts): FeedSources {
  return {
    lastId: () => ledger.lastId(),
    events: ({ since }, reader) => feedEvents(ledger, { since }, () => reader),
    fleet: (reader) => fleet.feed(() => reader),
    conversation: async ({ topic: _topic, session: ref, ...query }, reader) => {
      const { id } = await sessions.get(ref);
      await feedEntries({ queries, transcripts }, { ...query, session: id }, () => reader);
    },
  };
}

function sessionVerbs({ sessions, terminal, launcher }: ApiParts): ReturnType<typeof sessionHandlers> {
  return sessionHandlers(sessions, terminal, () => launcher.describeProviders());
}
