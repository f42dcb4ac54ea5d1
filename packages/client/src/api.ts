import type { analyticsEndpoints } from '@codepiper/core/analytics/analytics.endpoints.ts';
import type { approvalEndpoints } from '@codepiper/core/approvals/approval.endpoints.ts';
import type { attachmentEndpoints } from '@codepiper/core/attachments/attachment.endpoints.ts';
import type { auditEndpoints } from '@codepiper/core/audit/audit.endpoints.ts';
import type { authEndpoints } from '@codepiper/core/auth/auth.endpoints.ts';
import type { daemonEndpoints } from '@codepiper/core/daemon/daemon.endpoints.ts';
import type { Endpoint, EndpointCall, EndpointReply, Upload } from '@codepiper/core/endpoint.ts';
import type { eventEndpoints } from '@codepiper/core/events/event.endpoints.ts';
import type { fleetEndpoints } from '@codepiper/core/fleet/fleet.endpoints.ts';
import type { notificationEndpoints } from '@codepiper/core/notifications/notification.endpoints.ts';
import type { policyEndpoints } from '@codepiper/core/policies/policy.endpoints.ts';
import type { recordingEndpoints } from '@codepiper/core/recordings/recording.endpoints.ts';
import type { searchEndpoints } from '@codepiper/core/search/search.endpoints.ts';
import type { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import type { settingsEndpoints } from '@codepiper/core/settings/settings.endpoints.ts';
import type { terminalEndpoints } from '@codepiper/core/terminals/terminal.endpoints.ts';
import type { conversationEndpoints } from '@codepiper/core/transcripts/conversation.endpoints.ts';
import type { transcriptEndpoints } from '@codepiper/core/transcripts/transcript.endpoints.ts';

type EndpointMap = typeof sessionEndpoints &
  typeof eventEndpoints &
  typeof policyEndpoints &
  typeof approvalEndpoints &
  typeof attachmentEndpoints &
  typeof auditEndpoints &
  typeof authEndpoints &
  typeof analyticsEndpoints &
  typeof transcriptEndpoints &
  typeof conversationEndpoints &
  typeof fleetEndpoints &
  typeof searchEndpoints &
  typeof settingsEndpoints &
  typeof recordingEndpoints &
  typeof terminalEndpoints &
  typeof notificationEndpoints &
  typeof daemonEndpoints;
type AnyEndpoint = EndpointMap[keyof EndpointMap];

export type ApiMethod = AnyEndpoint['method'];
export type ApiPath<M extends ApiMethod> = Extract<AnyEndpoint, { method: M }>['path'];

/** The endpoint of a method and path, from types alone: the schemas (and zod) stay out of the program. */
type Named<M extends ApiMethod, P extends string> = Extract<AnyEndpoint, { method: M; path: P }>;
type Found<M extends ApiMethod, P extends string> = Named<M, P> extends infer E extends Endpoint ? E : never;

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** The file of an endpoint that takes one, by its field. */
type Form<E extends Endpoint> = E['upload'] extends Upload
  ? { form: Readonly<Record<E['upload']['field'], File>> }
  : { form?: never };

export type ApiCall<M extends ApiMethod, P extends string> = EndpointCall<Found<M, P>> &
  Form<Found<M, P>> &
  CallOptions;
export type ApiReply<M extends ApiMethod, P extends string> = EndpointReply<Found<M, P>>;

/** The options may be left out when the endpoint needs none. */
export type ApiArguments<M extends ApiMethod, P extends string> =
  Partial<ApiCall<M, P>> extends ApiCall<M, P> ? [call?: ApiCall<M, P>] : [call: ApiCall<M, P>];
