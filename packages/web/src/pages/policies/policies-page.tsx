import { Page } from '../../kit/page.tsx';

export function PoliciesPage() {
  return <Page title="Policies">{null}</Page>;
}
