import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { EndpointDoor } from './endpoint-door';
import type { Connection, Endpoint, ReplicationInstance } from './resources';
import type { DmsTimings } from './timings';

/** What connections work with. */
export interface ConnectionsProps {
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly door: EndpointDoor;
  readonly signal: AbortSignal;
}

/** What the tests of connections found. */
export class Connections {
  readonly #props: ConnectionsProps;
  readonly #connections = new Map<string, Connection>();

  constructor(props: ConnectionsProps) {
    this.#props = props;
  }

  /**
   * Begins a test: it really opens a session.
   *
   * @throws AwsFault `InvalidResourceStateFault` while another test of the same runs
   */
  test(instance: ReplicationInstance, endpoint: Endpoint): Connection {
    const key = keyOf(instance, endpoint);
    if (this.#connections.get(key)?.status === 'testing')
      throw new AwsFault('InvalidResourceStateFault', `The connection of ${endpoint.arn} is already being tested`);
    const connection: Connection = { instance, endpoint, status: 'testing', lastFailureMessage: null };
    this.#connections.set(key, connection);
    this.#run(connection).catch(() => undefined);
    return connection;
  }

  /** The connection of an instance and an endpoint; undefined when none was tested. */
  find(instance: ReplicationInstance, endpoint: Endpoint): Connection | undefined {
    return this.#connections.get(keyOf(instance, endpoint));
  }

  /**
   * Forgets a connection.
   *
   * @throws AwsFault `ResourceNotFoundFault`, `InvalidResourceStateFault` while it is tested
   */
  remove(instance: ReplicationInstance, endpoint: Endpoint): Connection {
    const connection = this.find(instance, endpoint);
    if (!connection) throw new AwsFault('ResourceNotFoundFault', `No connection found to endpoint ${endpoint.arn}`);
    if (connection.status === 'testing')
      throw new AwsFault('InvalidResourceStateFault', `The connection of ${endpoint.arn} is being tested`);
    connection.status = 'deleting';
    this.#connections.delete(keyOf(instance, endpoint));
    return connection;
  }

  /** Every connection. */
  list(): readonly Connection[] {
    return [...this.#connections.values()];
  }

  async #run(connection: Connection): Promise<void> {
    const { clock, timings, door, signal } = this.#props;
    const name = `AWS DMS test of ${connection.endpoint.identifier}`;
    const attempt = door
      .within(connection.endpoint, name, (client) => client.query('select 1'))
      .then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    await clock.sleep(timings.testConnectionMs, signal);
    const failure = await attempt;
    connection.lastFailureMessage = failure === null ? null : `Test Endpoint failed: ${failure}`;
    connection.status = failure === null ? 'successful' : 'failed';
  }
}

function keyOf(instance: ReplicationInstance, endpoint: Endpoint): string {
  return `${instance.arn} ${endpoint.arn}`;
}
