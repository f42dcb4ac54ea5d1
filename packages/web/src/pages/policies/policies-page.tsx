import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, Suspense } from 'react';
import { lazyPart } from '../../kit/load-part.ts';
import { Page } from '../../kit/page.tsx';
import { SkeletonRows } from '../../kit/states.tsx';
import { Tabs } from '../../kit/tabs.tsx';
import { DefaultAction } from './default-action.tsx';
import type { PolicyTab } from './policy-search.ts';

const RulesTab = lazyPart(async () => (await import('./rules/rules-tab.tsx')).RulesTab);
const SetsTab = lazyPart(async () => (await import('./sets/sets-tab.tsx')).SetsTab);
const LaboratoryTab = lazyPart(async () => (await import('./laboratory/laboratory-tab.tsx')).LaboratoryTab);
const AuditTab = lazyPart(async () => (await import('./audit/audit-tab.tsx')).AuditTab);

const part = (content: ReactNode) => <Suspense fallback={<SkeletonRows />}>{content}</Suspense>;

/** What decides about the calls of agents: rules, sets of them, a place to try them, and what was decided. */
export function PoliciesPage() {
  const search = useSearch({ from: '/gate/policies' });
  const navigate = useNavigate();
  return (
    <Page title="Policies" isFull actions={<DefaultAction />}>
      <Tabs<PolicyTab>
        label="Policies"
        value={search.tab ?? 'rules'}
        onChange={(tab) =>
          void navigate({
            to: '/policies',
            search: { tab, ...(search.session === undefined ? {} : { session: search.session }) },
          })
        }
        tabs={[
          { value: 'rules', label: 'Rules', content: part(<RulesTab />) },
          { value: 'sets', label: 'Sets', content: part(<SetsTab />) },
          { value: 'laboratory', label: 'Laboratory', content: part(<LaboratoryTab />) },
          { value: 'audit', label: 'Audit log', content: part(<AuditTab />) },
        ]}
      />
    </Page>
  );
}
