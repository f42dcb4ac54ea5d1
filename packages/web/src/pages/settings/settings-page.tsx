import { Link, useSearch } from '@tanstack/react-router';
import { type ReactNode, Suspense } from 'react';
import { lazyPart } from '../../kit/load-part.ts';
import { Page } from '../../kit/page.tsx';
import { SkeletonRows } from '../../kit/states.tsx';
import { AboutSection } from './about-section.tsx';
import { AppearanceSection } from './appearance-section.tsx';
import { DaemonSection } from './daemon-section.tsx';
import { NotificationsSection } from './notifications-section.tsx';
import { SecuritySection } from './security-section.tsx';
import { type SettingsSection, settingsSections } from './settings-sections.ts';

const ApiSection = lazyPart(async () => (await import('./api-section.tsx')).ApiSection);

const names: Record<SettingsSection, string> = {
  daemon: 'Daemon',
  security: 'Security',
  notifications: 'Notifications',
  appearance: 'Appearance',
  api: 'API',
  about: 'About',
};

const contents: Record<SettingsSection, ReactNode> = {
  daemon: <DaemonSection />,
  security: <SecuritySection />,
  notifications: <NotificationsSection />,
  appearance: <AppearanceSection />,
  api: <ApiSection />,
  about: <AboutSection />,
};

export function SettingsPage() {
  const { section = 'daemon' } = useSearch({ from: '/gate/settings' });
  return (
    <Page title="Settings" isFull>
      <div className="flex min-h-0 flex-1 flex-col md:flex-row">
        <nav
          aria-label="Settings"
          className="flex shrink-0 gap-1 overflow-x-auto border-line border-b p-2 md:w-48 md:flex-col md:border-r md:border-b-0 md:p-3"
        >
          {settingsSections.map((each) => (
            <Link
              key={each}
              to="/settings"
              search={{ section: each }}
              aria-current={each === section ? 'page' : undefined}
              className="shrink-0 rounded-md px-3 py-2 text-quiet text-sm hover:bg-raised hover:text-text aria-[current=page]:bg-raised aria-[current=page]:text-text pointer-coarse:py-2.5"
            >
              {names[each]}
            </Link>
          ))}
        </nav>
        <div className="min-h-0 flex-1 overflow-y-auto p-4 sm:p-6">
          <div className={section === 'api' ? '' : 'max-w-3xl'}>
            <Suspense fallback={<SkeletonRows />}>{contents[section]}</Suspense>
          </div>
        </div>
      </div>
    </Page>
  );
}
