import { CodepiperError } from '@codepiper/core/errors.ts';
import { suggest } from '../suggest.ts';

/**
 * The policy a person means: by its id, its name, or the beginning of its id.
 *
 * @throws CodepiperError `policy_not_found` when none is meant, or more than one
 */
export async function pickPolicy<T extends { id: string; name: string }>(
  ref: string,
  all: readonly T[],
): Promise<T> {
  const exact = all.find(({ id }) => id === ref);
  if (exact) return exact;
  const named = all.filter(({ name }) => name === ref);
  const meant = named.length > 0 ? named : all.filter(({ id }) => id.startsWith(ref));
  const [first] = meant;
  if (first && meant.length === 1) return first;
  if (first) {
    throw new CodepiperError('policy_not_found', `"${ref}" may mean ${meant.length} policies; give the id:`, {
      candidates: meant.map(({ id, name }) => `${id}  ${name}`),
    });
  }
  const near = await suggest(
    ref,
    all.flatMap(({ id, name }) => [id, name]),
  );
  throw new CodepiperError(
    'policy_not_found',
    `There is no policy "${ref}".${near ? ` Did you mean "${near}"?` : ''} All there are: codepiper policy list`,
  );
}
