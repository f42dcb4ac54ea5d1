import { Page } from '../../kit/page.tsx';

export function FleetPage() {
  return <Page title="Fleet">{null}</Page>;
}
