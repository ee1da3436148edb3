import { parentPort } from 'node:worker_threads';
import type { EngineModules, HostMessage, ThreadMessage } from '../messages.ts';
import { type Guest, startGuest } from './guest.ts';

// The entry point of the threads that scripts run in, one script at a time.

const port = parentPort;
if (port === null) throw new Error('This file is run as a thread, not as a program.');

const post = (message: ThreadMessage) => port.postMessage(message);

let modules: EngineModules | undefined;
let guest: Promise<Guest> | undefined;

port.on('message', (message: HostMessage) => {
  switch (message.kind) {
    case 'modules':
      modules = message;
      post({ kind: 'ready' });
      break;
    case 'run':
      if (modules === undefined) throw new Error('The engine comes before the script.');
      guest = startGuest({ modules, order: message.order, post });
      break;
    case 'replies':
      void guest?.then(({ deliver }) => deliver(message.replies));
      break;
    case 'recorded':
      void guest?.then(({ deliverRecorded }) => deliverRecorded(message.replies));
      break;
    case 'stop':
      void guest?.then(({ stop }) => stop());
      break;
  }
});
