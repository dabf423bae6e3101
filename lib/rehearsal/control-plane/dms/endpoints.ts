import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import type { Place } from '../place';
import { readEndpointSettings } from './endpoint-settings';
import { dmsArn, dmsIdentifier, invalidCombination, newResourceName } from './names';
import { accessibleKey } from './replication-instances';
import type { Certificate, Endpoint, SslMode } from './resources';

/** An endpoint as it is asked for. */
export interface WantedEndpoint {
  readonly identifier: string;
  readonly resourceName?: string;
  readonly type: 'source' | 'target';
  readonly databaseName: string;
  readonly sslMode: SslMode;
  readonly certificateArn?: string;
  readonly kmsKeyId?: string;
  readonly extraConnectionAttributes?: string;
  /** In the spelling of the API. */
  readonly postgreSqlSettings: Readonly<Record<string, unknown>>;
  readonly tags: ReadonlyMap<string, string>;
}

/** The endpoints and the certificates that they trust. */
export class Endpoints {
  readonly #place: Place;
  readonly #clock: Clock;
  readonly #keys: Keys;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #certificates = new Map<string, Certificate>();

  constructor(place: Place, clock: Clock, keys: Keys) {
    this.#place = place;
    this.#clock = clock;
    this.#keys = keys;
  }

  /**
   * Imports a certificate.
   *
   * @throws AwsFault `InvalidCertificateFault` for what is no PEM, `ResourceAlreadyExistsFault`
   */
  importCertificate(request: {
    readonly identifier: string;
    readonly resourceName?: string;
    readonly pem: string;
  }): Certificate {
    const identifier = dmsIdentifier('CertificateIdentifier', request.identifier, 255);
    if (!request.pem.includes('-----BEGIN CERTIFICATE-----'))
      throw new AwsFault('InvalidCertificateFault', 'The certificate was not valid.');
    if ([...this.#certificates.values()].some((each) => each.identifier === identifier))
      throw new AwsFault('ResourceAlreadyExistsFault', `Certificate ${identifier} already exists.`);
    const arn = dmsArn(this.#place, 'cert', request.resourceName ?? newResourceName());
    const certificate = { identifier, arn, pem: request.pem, createdAt: this.#clock.now() };
    this.#certificates.set(arn, certificate);
    return certificate;
  }

  /** The certificate of an ARN; `ResourceNotFoundFault` when there is none. */
  certificate(arn: string): Certificate {
    const certificate = this.#certificates.get(arn);
    if (certificate) return certificate;
    throw new AwsFault('ResourceNotFoundFault', `Certificate ${arn} not found`);
  }

  /** Removes a certificate that no endpoint trusts. */
  removeCertificate(arn: string): void {
    if (this.list().some(({ certificateArn }) => certificateArn === arn))
      throw new AwsFault('InvalidResourceStateFault', `Certificate ${arn} is in use by an endpoint`);
    this.#certificates.delete(arn);
  }

  /**
   * Makes an endpoint.
   *
   * @throws AwsFault `ResourceAlreadyExistsFault`, `KMSKeyNotAccessibleFault`, `ResourceNotFoundFault` for its certificate,
   * `InvalidParameterCombinationException` for a check without a certificate
   */
  create(wanted: WantedEndpoint): Endpoint {
    const identifier = dmsIdentifier('EndpointIdentifier', wanted.identifier, 255);
    if (this.list().some((each) => each.identifier === identifier))
      throw new AwsFault('ResourceAlreadyExistsFault', `Endpoint ${identifier} already exists.`);
    const endpoint: Endpoint = {
      identifier,
      arn: dmsArn(this.#place, 'endpoint', wanted.resourceName ?? newResourceName()),
      type: wanted.type,
      kmsKeyArn: accessibleKey(this.#keys, wanted.kmsKeyId),
      tags: wanted.tags,
      ...this.#changeable(wanted),
    };
    this.#endpoints.set(endpoint.arn, endpoint);
    return endpoint;
  }

  /** Changes an endpoint; sessions that are open keep what they were opened with. */
  modify(arn: string, wanted: WantedEndpoint): Endpoint {
    return Object.assign(this.get(arn), this.#changeable(wanted));
  }

  /** Removes an endpoint; whoever calls makes sure that no task uses it. */
  remove(arn: string): void {
    this.#endpoints.delete(arn);
  }

  /** Finds an endpoint by its ARN. */
  find(arn: string): Endpoint | undefined {
    return this.#endpoints.get(arn);
  }

  /** The endpoint of an ARN; `ResourceNotFoundFault` when there is none. */
  get(arn: string): Endpoint {
    const endpoint = this.find(arn);
    if (endpoint) return endpoint;
    throw new AwsFault('ResourceNotFoundFault', `Endpoint ${arn} not found`);
  }

  /** Every endpoint, by identifier. */
  list(): readonly Endpoint[] {
    return [...this.#endpoints.values()].sort((left, right) => (left.identifier < right.identifier ? -1 : 1));
  }

  #changeable(
    wanted: WantedEndpoint,
  ): Pick<
    Endpoint,
    'databaseName' | 'sslMode' | 'certificateArn' | 'settings' | 'extraConnectionAttributes' | 'given'
  > {
    const checked = wanted.sslMode === 'verify-ca' || wanted.sslMode === 'verify-full';
    if (checked && wanted.certificateArn === undefined)
      throw invalidCombination(`SSL mode ${wanted.sslMode} needs a certificate: set CertificateArn`);
    if (wanted.certificateArn !== undefined) this.certificate(wanted.certificateArn);
    return {
      databaseName: wanted.databaseName,
      sslMode: wanted.sslMode,
      certificateArn: wanted.certificateArn ?? null,
      settings: readEndpointSettings(wanted.postgreSqlSettings, wanted.extraConnectionAttributes ?? null),
      extraConnectionAttributes: wanted.extraConnectionAttributes ?? null,
      given: wanted.postgreSqlSettings,
    };
  }
}
