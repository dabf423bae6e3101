import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { Place } from '../place';
import { endpointName } from './instance';
import type { Instances } from './instances';
import { LocalProxy, type ProxyCertificates } from './local-proxy';

/** Statuses of an instance that a proxy takes (AWS's own words name these three). */
const TAKEN = new Set(['available', 'modifying', 'backing-up']);

/** What stands behind a proxy. */
export interface ProxyTarget {
  readonly instanceId: string;
  state: 'REGISTERING' | 'AVAILABLE';
}

/** An RDS Proxy. */
export interface DatabaseProxy {
  readonly name: string;
  readonly arn: string;
  readonly targetGroupArn: string;
  readonly hostName: string;
  readonly secretArns: readonly string[];
  readonly securityGroups: readonly string[];
  readonly server: LocalProxy;
  target: ProxyTarget | null;
}

/** What a proxy is made from. */
export interface NewProxy {
  readonly name: string;
  readonly secretArns: readonly string[];
  readonly securityGroups: readonly string[];
  readonly certificates: ProxyCertificates;
}

/** The account's proxies. They are made by their owner alone: the migration never does. */
export class Proxies {
  readonly #proxies = new Map<string, DatabaseProxy>();
  readonly #closing = new AbortController();

  constructor(
    readonly place: Place,
    private readonly clock: Clock,
    private readonly instances: Instances,
    /** From a registration to AVAILABLE, on the rehearsal's clock. */
    private readonly registerMs: number,
  ) {}

  /** Starts a proxy that listens on the loopback and has no target. */
  async create({ name, secretArns, securityGroups, certificates }: NewProxy): Promise<DatabaseProxy> {
    const id = randomBytes(9).toString('hex').slice(0, 17);
    const arn = (type: string, prefix: string) =>
      `arn:aws:rds:${this.place.region}:${this.place.account}:${type}:${prefix}-${id}`;
    const hostName = endpointName(this.place, `${name}.proxy`);
    const proxy: DatabaseProxy = {
      name,
      arn: arn('db-proxy', 'prx'),
      targetGroupArn: arn('target-group', 'prx-tg'),
      hostName,
      secretArns,
      securityGroups,
      server: await LocalProxy.listen(hostName, certificates),
      target: null,
    };
    this.#proxies.set(name, proxy);
    return proxy;
  }

  /** Finds a proxy; throws `DBProxyNotFoundFault`. */
  get(name: string): DatabaseProxy {
    const found = this.find(name);
    if (!found) throw new AwsFault('DBProxyNotFoundFault', `DBProxy ${name} not found.`, 404);
    return found;
  }

  /** Finds a proxy by name. */
  find(name: string): DatabaseProxy | undefined {
    return this.#proxies.get(name);
  }

  /** Every proxy. */
  list(): readonly DatabaseProxy[] {
    return [...this.#proxies.values()];
  }

  /** Takes the instance from behind the proxy: connections to it end, new clients wait. */
  deregister(proxy: DatabaseProxy, instanceId: string): void {
    if (proxy.target?.instanceId !== instanceId) {
      throw new AwsFault(
        'DBProxyTargetNotFoundFault',
        `Target ${instanceId} is not registered with ${proxy.name}.`,
        404,
      );
    }
    proxy.target = null;
    proxy.server.leadTo(null);
  }

  /** Puts an instance behind the proxy: clients reach it when the proxy has it `AVAILABLE`. */
  register(proxy: DatabaseProxy, instanceId: string): ProxyTarget {
    const instance = this.instances.get(instanceId);
    if (proxy.target?.instanceId === instanceId) {
      throw new AwsFault('DBProxyTargetAlreadyRegisteredFault', `Target ${instanceId} is already registered.`);
    }
    if (proxy.target !== null) {
      throw new AwsFault('InvalidParameterCombination', `${proxy.name} has a target, and takes only one.`);
    }
    if (!TAKEN.has(instance.status)) {
      throw new AwsFault('InvalidDBInstanceStateFault', `DB Instance ${instanceId} is ${instance.status}.`);
    }
    const target: ProxyTarget = { instanceId, state: 'REGISTERING' };
    proxy.target = target;
    const reach = () => {
      if (proxy.target !== target) return;
      target.state = 'AVAILABLE';
      const { hostName, database } = instance;
      proxy.server.leadTo(database ? { hostName, port: database.port } : null);
    };
    // Rejects only when the control plane closes: nobody asks any more.
    this.clock.sleep(this.registerMs, this.#closing.signal).then(reach, () => undefined);
    return target;
  }

  /** Ends every proxy and its connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.list().map(({ server }) => server.close()));
  }
}
