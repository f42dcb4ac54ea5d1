import type { LintFinding } from '@codepiper/core/policies/policy.endpoints.ts';
import type { Rule } from '@codepiper/core/policies/policy.ts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client } from '../../../api/client.ts';
import { useSettled } from '../../shared/use-settled.ts';

const quietMs = 250;

export interface Reading {
  rules: readonly Rule[];
  problems: readonly string[];
  findings: readonly LintFinding[];
  /** It is about what was there before the last change. */
  isReading: boolean;
}

const nothing = { rules: [], problems: [], findings: [] };

/** What the daemon makes of rules while they are written: of a text as it is, of fields by their JSON. */
export function useReading(given: string | readonly Rule[]): Reading {
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  const settled = useSettled(text, quietMs);
  const { data, isFetching } = useQuery({
    queryKey: ['readings', settled],
    queryFn: ({ signal }) => client.request('POST', '/policies/read', { body: { text: settled }, signal }),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  const { problems, ...rest } = data ?? nothing;
  return {
    ...rest,
    // Fields have no lines.
    problems: problems.map((one) =>
      one.replace(/^rules:(\d+):\d+: /, typeof given === 'string' ? 'Line $1: ' : ''),
    ),
    isReading: isFetching || settled !== text,
  };
}
