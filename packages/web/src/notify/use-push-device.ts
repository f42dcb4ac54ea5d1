import { useCallback, useEffect, useState } from 'react';
import { disablePush, enablePush, type PushDevice, readPushDevice } from './push-device.ts';

/** Push messages of this browser, for a switch. */
export interface PushSwitch {
  /** null until it is known. */
  device: PushDevice | null;
  isBusy: boolean;
  /** Why the last change failed. */
  problem: unknown;
  enable(): void;
  disable(): void;
}

export function usePushDevice(): PushSwitch {
  const [device, setDevice] = useState<PushDevice | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const change = useCallback((work: () => Promise<PushDevice>) => {
    setBusy(true);
    setProblem(null);
    work()
      .then(setDevice, setProblem)
      .finally(() => setBusy(false));
  }, []);
  useEffect(() => change(readPushDevice), [change]);
  return {
    ...{ device, isBusy, problem },
    enable: () => change(enablePush),
    disable: () => change(disablePush),
  };
}
