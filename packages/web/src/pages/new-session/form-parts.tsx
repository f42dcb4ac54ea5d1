import type { DraftVerdict } from '@codepiper/core/fleet/new-session.ts';
import type { ProviderInfo } from '@codepiper/core/providers/provider.ts';
import { Field, Input, Select, TextArea } from '../../kit/field.tsx';
import { ConversationPart } from './conversation-part.tsx';
import { DirectoryField } from './directory-field.tsx';
import type { Draft } from './draft.ts';
import { EnvironmentPart } from './environment-part.tsx';
import { Fold } from './fold.tsx';
import { ModelField } from './model-field.tsx';
import { ProviderChoice } from './provider-choice.tsx';
import { RulesPart } from './rules-part.tsx';
import { TrustField } from './trust-field.tsx';

interface Props {
  draft: Draft;
  providers: readonly ProviderInfo[];
  verdict: DraftVerdict | null;
  /** Somebody wanted to start it: what is missing is said too. */
  isTried: boolean;
  onChange(change: Partial<Draft>): void;
}

/** The fields, those that every session needs first. */
export function FormParts({ draft, providers, verdict, isTried, onChange }: Props) {
  const provider = providers.find(({ id }) => id === draft.provider);
  const can = provider?.capabilities;
  const errorOf = (field: string): string | undefined =>
    verdict?.errors.find((error) => error.field === field || error.field.startsWith(`${field}.`))?.message;
  const missing = isTried && draft.cwd.trim() === '' ? 'Choose the directory it works in.' : undefined;
  const agent = provider?.label ?? draft.provider;
  const hasAgent = can?.metricsChannel === 'transcript';

  return (
    <>
      <ProviderChoice
        providers={providers}
        value={draft.provider}
        error={errorOf('provider')}
        onChange={(next) =>
          onChange({ provider: next, continues: 'no', conversation: '', dangerousMode: false })
        }
      />
      <DirectoryField
        value={draft.cwd}
        verdict={draft.cwd.trim() === '' ? null : verdict}
        error={missing ?? (draft.cwd.trim() === '' ? undefined : errorOf('cwd'))}
        onChange={(cwd) => onChange({ cwd })}
      />
      {verdict?.directoryExists && verdict.isTrusted === false && (
        <TrustField
          agent={agent}
          checked={draft.trust}
          isMissing={isTried && !draft.trust}
          onChange={(trust) => onChange({ trust })}
        />
      )}
      <Field
        label={hasAgent ? 'Prompt' : 'First input'}
        hint={
          hasAgent ? 'What it is to do first. It can be said later too.' : 'Typed when the shell is ready.'
        }
      >
        {(props) => (
          <TextArea
            {...props}
            value={draft.prompt}
            rows={4}
            spellCheck
            onChange={({ target }) => onChange({ prompt: target.value })}
            className="field-sizing-content max-h-80"
          />
        )}
      </Field>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Name" error={errorOf('name')} hint="Shown everywhere; a part of its id without one.">
          {(props) => (
            <Input
              {...props}
              value={draft.name}
              onChange={({ target }) => onChange({ name: target.value })}
            />
          )}
        </Field>
        {can?.supportsModelSwitch && (
          <ModelField
            provider={draft.provider}
            value={draft.model}
            error={errorOf('model')}
            onChange={(model) => onChange({ model })}
          />
        )}
      </div>
      <div>
        {can?.supportsResume && (
          <Fold
            title="Conversation"
            summary={draft.continues === 'no' ? 'a new one' : draft.conversation}
            needsLook={draft.continues !== 'no'}
          >
            <ConversationPart
              provider={draft.provider}
              capabilities={can}
              directory={verdict?.directoryExists ? verdict.cwd : null}
              continues={draft.continues}
              conversation={draft.conversation}
              error={
                errorOf('providerResume') ??
                (isTried && draft.conversation.trim() === '' ? 'Choose the conversation.' : undefined)
              }
              onChange={onChange}
            />
          </Fold>
        )}
        {can && can.policyChannel !== 'none' && (
          <Fold
            title="Rules"
            summary={rulesSummary(draft)}
            needsLook={draft.dangerousMode || errorOf('policySets') !== undefined}
          >
            <RulesPart
              draft={draft}
              agent={agent}
              hasDangerousMode={can.supportsDangerousMode}
              errors={{ policySets: errorOf('policySets'), dangerousMode: errorOf('dangerousMode') }}
              onChange={onChange}
            />
          </Fold>
        )}
        <Fold
          title="Environment"
          summary={draft.env.length === 0 ? 'as the daemon’s' : draft.env.map(({ key }) => key).join(', ')}
          needsLook={errorOf('env') !== undefined}
        >
          <EnvironmentPart
            rows={draft.env}
            errors={envErrors(verdict)}
            onChange={(env) => onChange({ env })}
          />
        </Fold>
        <Fold title="More" summary={moreSummary(draft)} needsLook={errorOf('args') !== undefined}>
          {can && can.billingModes.length > 1 && (
            <Field
              label="Billing"
              error={errorOf('billingMode')}
              hint={
                draft.billingMode === 'api'
                  ? 'By the token, with the API key of its environment.'
                  : 'Keys in its environment are left out, so that nothing is billed by the token.'
              }
            >
              {(props) => (
                <Select
                  {...props}
                  value={draft.billingMode}
                  onChange={({ target }) =>
                    onChange({ billingMode: target.value === 'api' ? 'api' : 'subscription' })
                  }
                >
                  <option value="subscription">Subscription</option>
                  <option value="api">API</option>
                </Select>
              )}
            </Field>
          )}
          <Field
            label={hasAgent ? 'Arguments' : 'Program and arguments'}
            error={errorOf('args')}
            hint={hasAgent ? 'For the agent’s program, one a line.' : 'One a line; empty for your own shell.'}
          >
            {(props) => (
              <TextArea
                {...props}
                value={draft.args}
                onChange={({ target }) => onChange({ args: target.value })}
                className="font-mono"
              />
            )}
          </Field>
          <Field label="Recording of the terminal" error={errorOf('record')}>
            {(props) => (
              <Select
                {...props}
                value={draft.record === null ? '' : String(draft.record)}
                onChange={({ target }) =>
                  onChange({ record: target.value === '' ? null : target.value === 'true' })
                }
              >
                <option value="">As the daemon is set</option>
                <option value="true">Record it</option>
                <option value="false">Do not record it</option>
              </Select>
            )}
          </Field>
        </Fold>
      </div>
    </>
  );
}

function rulesSummary({ policySets, policyDefault, dangerousMode }: Draft) {
  if (dangerousMode) return <span className="font-medium text-gone">dangerous mode</span>;
  const sets =
    policySets === null ? 'the default set' : policySets.length === 0 ? 'no set' : policySets.join(', ');
  return policyDefault === null ? sets : `${sets}; else ${policyDefault}`;
}

function moreSummary({ billingMode, args, record }: Draft): string {
  const set = [
    billingMode === 'api' && 'API billing',
    args !== '' && 'arguments',
    record !== null && (record ? 'recorded' : 'not recorded'),
  ].filter((word) => word !== false);
  return set.length === 0 ? 'billing, arguments, recording' : set.join(', ');
}

function envErrors(verdict: DraftVerdict | null): ReadonlyMap<string, string> {
  return new Map(
    verdict?.errors.flatMap(({ field, message }) =>
      field === 'env' || field.startsWith('env.') ? [[field.slice('env.'.length), message] as const] : [],
    ),
  );
}
