import { CodepiperError } from '@codepiper/core/errors.ts';
import type { sessionEndpoints } from '@codepiper/core/sessions/session.endpoints.ts';
import type { CreateSession } from '@codepiper/core/sessions/session.ts';
import type { HandlerContext, Handlers } from '../http/mount.ts';
import type { Alongside } from '../sessions/session-events.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { DeliveriesService, NewDelivery } from './deliveries.service.ts';
import { presentDelivery } from './deliveries.store.ts';
import type { ModelSwitch } from './model-switch.ts';

type DeliveryVerbs =
  | 'createSession'
  | 'resumeSession'
  | 'forkSession'
  | 'sendText'
  | 'slashCommand'
  | 'setModel'
  | 'listDeliveries'
  | 'cancelDelivery';

/** Whether a session would be freer than one that a person starts with nothing said: no agent gives itself that. */
function choosesFreedom({ dangerousMode, trust, policySets, policyDefault }: CreateSession): boolean {
  return dangerousMode || trust || policySets !== undefined || policyDefault !== undefined;
}

/** What a session has, its successor gets: only a person says so again, as at the first start. */
async function requireFreedom(
  context: HandlerContext,
  { launch: { dangerousMode }, policyDefault }: Pick<SessionRecord, 'launch' | 'policyDefault'>,
): Promise<void> {
  if (dangerousMode || policyDefault !== null) await context.requirePerson();
  if (dangerousMode || policyDefault === 'agent') context.requireRecent();
}

export function deliveryHandlers(
  deliveries: DeliveriesService,
  sessions: SessionsService,
  models: ModelSwitch,
): Pick<Handlers<typeof sessionEndpoints>, DeliveryVerbs> {
  /** The first prompt is stored with the session: both are there or neither. */
  const withPrompt = (prompt: string | undefined): Alongside | undefined =>
    prompt === undefined
      ? undefined
      : async (tx, emit, record) => {
          await deliveries.enqueueIn(tx, emit, record, {
            kind: 'prompt',
            text: prompt,
            idempotencyKey: null,
          });
        };
  const send = async (ref: string, delivery: NewDelivery, waitMs: number, signal: AbortSignal) => {
    const queued = await deliveries.send(ref, delivery);
    const result = await deliveries.outcome(queued.id, waitMs, signal, {
      isNew: queued.status === 'queued',
    });
    return { outcome: result.outcome, delivery: presentDelivery(result.delivery) };
  };
  return {
    createSession: async ({ body }, _caller, { requirePerson, requireRecent }) => {
      if (choosesFreedom(body)) await requirePerson();
      if (body.dangerousMode || body.policyDefault === 'agent') requireRecent();
      return { session: sessions.present(await sessions.create(body, withPrompt(body.prompt))) };
    },
    resumeSession: async ({ params, body }, _caller, context) => {
      await requireFreedom(context, await sessions.get(params.id));
      const request = body.model ? { model: body.model } : {};
      return {
        session: sessions.present(await sessions.resume(params.id, request, withPrompt(body.prompt))),
      };
    },
    forkSession: async ({ params, body }, _caller, context) => {
      await requireFreedom(context, await sessions.get(params.id));
      const request = body.name ? { name: body.name } : {};
      return { session: sessions.present(await sessions.fork(params.id, request, withPrompt(body.prompt))) };
    },
    sendText: async ({ params, body }, _caller, { signal }) =>
      send(
        params.id,
        {
          kind: body.newline ? 'prompt' : 'draft',
          text: body.text,
          idempotencyKey: body.idempotencyKey ?? null,
        },
        body.waitMs,
        signal,
      ),
    slashCommand: async ({ params, body }, _caller, { signal }) => {
      const { record } = await sessions.getLive(params.id);
      const provider = sessions.providerOf(record);
      if (!provider.capabilities.supportsSlashCommands) {
        throw new CodepiperError('unsupported', `${provider.label} has no slash commands; use send.`);
      }
      const text = [`/${body.command.replace(/^\//, '')}`, ...body.args].join(' ');
      return send(record.id, { kind: 'command', text, idempotencyKey: null }, body.waitMs, signal);
    },
    setModel: async ({ params, body }, _caller, { signal }) => ({
      session: sessions.present(await models.switchTo(params.id, body.model, signal)),
    }),
    listDeliveries: async ({ params, query }) => ({
      deliveries: (await deliveries.list(params.id, query.limit)).map(presentDelivery),
    }),
    cancelDelivery: async ({ params }) => ({
      delivery: presentDelivery(await deliveries.cancel(params.id, params.delivery)),
    }),
  };
}
