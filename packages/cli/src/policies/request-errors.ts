import { CodepiperError } from '@codepiper/core/errors.ts';

/** Fields of requests, as the command line has them. */
const written: Readonly<Record<string, string>> = {
  id: 'the id',
  setId: 'the set',
  policyId: 'the policy',
  policySetId: 'the set',
  name: '--name',
  description: '--description',
  priority: '--priority',
  scope: '--scope',
  sessionId: '--session',
  session: 'the session',
  expiresAt: '--expires',
  isDefault: '--default',
  policyIds: '--policy',
  policySets: '--set',
  cwd: '--cwd',
  tool: 'the tool',
  input: 'the input',
  since: '--since',
  limit: '--limit',
};

/** An error of the daemon with the places people know: options, and positions from 1. */
export async function asWritten(error: unknown): Promise<unknown> {
  if (!(error instanceof CodepiperError) || error.code !== 'invalid_request') return error;
  const { placeText } = await import('@codepiper/daemon/policies/places.ts');
  const message = error.message.replaceAll(
    /(^|; )(?:body|params|query)\.([\w.]+): /g,
    (_, before: string, path: string) => {
      const [field = '', ...rest] = path.split('.');
      const place = Object.hasOwn(written, field)
        ? [written[field], ...(rest.length > 0 ? [placeText(rest)] : [])].join(' ')
        : placeText(path.split('.'));
      return `${before}${place}: `;
    },
  );
  return new CodepiperError(error.code, message, error.details);
}
