/** What a healthy server says, for checks of what cannot be made in a test of seconds. */
import type { ServerSurvey } from '../../../lambda/assess/survey';

/** Nothing to object to. */
export const HEALTHY_SURVEY: ServerSurvey = {
  masterUser: 'dbadmin',
  versionNumber: 170_010,
  inRecovery: false,
  version: '17.10',
  walLevel: 'logical',
  maxSlots: 20,
  maxSenders: 20,
  maxWorkers: 20,
  keepSizeMb: '2048',
  decodingMemoryKb: 65_536,
  idleSlotSeconds: null,
  tls: true,
  pendingRestart: [],
  lockTable: { locksOfTransaction: 64, transactions: 100 },
  busySenders: 0,
  slots: [],
  prepared: [],
  longTransactions: [],
  subscriptions: [],
  masterSessions: [],
  privileges: {
    createsRoles: true,
    createsSlots: true,
    grantsReplication: true,
    createsSubscriptions: true,
    signals: true,
    seesActivity: true,
  },
  loginRoles: [],
  listed: [],
  jobs: null,
  ledger: null,
  pglogical: { loaded: 'pglogical', offered: '2.4.4', workerProcesses: 20 },
};
