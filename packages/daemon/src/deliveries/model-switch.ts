import { setTimeout as sleep } from 'node:timers/promises';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { SessionFacts } from '../sessions/session-facts.ts';
import type { SessionRecord } from '../sessions/session-record.ts';
import type { SessionTerminal } from '../sessions/session-terminal.ts';
import type { SessionsService } from '../sessions/sessions.service.ts';
import type { DeliveriesService } from './deliveries.service.ts';

/** How long a switch may wait for the agent's prompt, in milliseconds. */
const promptMs = 10_000;
/** How long an agent may take to say that it switched, in milliseconds, and how often its screen is looked at. */
const confirmMs = 3_000;
const lookMs = 50;

export interface ModelSwitchOptions {
  deliveries: DeliveriesService;
  sessions: SessionsService;
  facts: SessionFacts;
  terminal: SessionTerminal;
}

/** Switches the model of one session; the user's own default is untouched. */
export class ModelSwitch {
  readonly #o: ModelSwitchOptions;

  constructor(options: ModelSwitchOptions) {
    this.#o = options;
  }

  /** Resolves when the agent has switched. Throws `unsupported` or `session_busy` when it has not. */
  async switchTo(ref: string, model: string, signal: AbortSignal): Promise<SessionRecord> {
    const { sessions, facts } = this.#o;
    const { record } = await sessions.getLive(ref);
    const provider = sessions.providerOf(record);
    const how = provider.modelSwitch;
    if (how.kind === 'none') {
      const message = `Model switching is not supported for provider ${provider.id}`;
      throw new CodepiperError('unsupported', message, { provider: provider.id, supportsModelSwitch: false });
    }
    if (how.kind === 'restart') return sessions.restartWithModel(record.id, model);
    await this.#type(record, how.text(model), signal);
    if (!(await this.#isConfirmed(record, (screen) => how.confirms(screen, model)))) {
      const message = `${provider.label} did not say that it switched to ${model}: see its screen with codepiper tail ${record.id.slice(0, 8)}`;
      throw new CodepiperError('unsupported', message, { provider: provider.id, model });
    }
    await facts.noteModel(record, model);
    return sessions.get(record.id);
  }

  async #type(record: SessionRecord, text: string, signal: AbortSignal): Promise<void> {
    const { deliveries } = this.#o;
    const { id } = await deliveries.send(record.id, { kind: 'command', text, idempotencyKey: null });
    const { outcome } = await deliveries.outcome(id, promptMs, signal);
    if (outcome === 'delivered') return;
    // A switch that comes by itself much later would surprise whoever was told that it failed.
    await deliveries.cancel(record.id, id);
    throw new CodepiperError(
      'session_busy',
      `Session ${record.name ?? record.id.slice(0, 8)} did not come to its prompt within ${promptMs / 1000} s: the model is as it was.`,
    );
  }

  async #isConfirmed(record: SessionRecord, confirms: (screen: string) => boolean): Promise<boolean> {
    const deadline = Date.now() + confirmMs;
    while (Date.now() < deadline) {
      const { output } = await this.#o.terminal.output(record.id, { styles: false });
      if (confirms(output)) return true;
      await sleep(lookMs);
    }
    return false;
  }
}
