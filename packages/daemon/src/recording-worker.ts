import { parentPort, workerData } from 'node:worker_threads';
import { type RecordingData, runRecordings } from './recordings/recording-program.ts';
import { Screen } from './terminals/screen/screen.ts';

/** The thread of recordings, and the composition root of it: it writes them, and draws screens for it. */
if (parentPort) runRecordings(parentPort, workerData as RecordingData, (size) => new Screen(size));
