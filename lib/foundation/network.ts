/** Who may talk to whom: functions and the target to the two database ports, functions to HTTPS, clients to the target. */
import {
  CfnSecurityGroupIngress,
  type IPeer,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import type { SealiftConfig } from '../config';

/** The network of a migration; every rule is explicit, nothing else is open. */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** The configured private subnets. */
  readonly subnets: ReturnType<typeof Subnet.fromSubnetAttributes>[];
  /** Of the functions that speak to a database. */
  readonly functions: SecurityGroup;
  /** Of the target. */
  readonly database: SecurityGroup;

  constructor(scope: Construct, id: string, config: SealiftConfig) {
    super(scope, id);
    const { vpcId, subnetIds, availabilityZones } = config.network;
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: [...new Set(availabilityZones)] });
    this.subnets = subnetIds.map((subnetId, position) => {
      const availabilityZone = availabilityZones[position] ?? '';
      const subnet = Subnet.fromSubnetAttributes(this, `Subnet${position}`, { subnetId, availabilityZone });
      acknowledge(subnet, 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId', 'no route is read or changed');
      return subnet;
    });
    this.functions = this.group('Functions', 'functions that speak to a database', config);
    this.database = this.group('Database', 'the target database', config);
    this.openToFunctions(config);
    this.openToClients(config);
    this.openProxy(config);
  }

  private group(name: string, what: string, config: SealiftConfig): SecurityGroup {
    return new SecurityGroup(this, name, {
      vpc: this.vpc,
      description: `Sealift ${config.migration}: ${what}`,
      allowAllOutbound: false,
      disableInlineRules: true,
    });
  }

  private openToFunctions(config: SealiftConfig): void {
    const targetPort = Port.tcp(config.target.port ?? config.source.port);
    const sourcePort = Port.tcp(config.source.port);
    const source = this.source(config);
    this.functions.addEgressRule(source, sourcePort, 'to the source');
    this.functions.addEgressRule(this.database, targetPort, 'to the target');
    // VPC endpoints have no address at synth, and the Route 53 API of the switch is public: HTTPS to any address.
    this.functions.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'to the APIs of AWS');
    this.database.addIngressRule(this.functions, targetPort, 'from the functions');
    this.database.addEgressRule(source, sourcePort, 'subscription to the source');
    if (config.source.kind === 'rds') {
      this.openSource('FunctionsToSource', this.functions, config, config.source.securityGroupId);
      this.openSource('TargetToSource', this.database, config, config.source.securityGroupId);
    }
    // Without a way back the source has no business with the target.
    if (config.rollback.windowHours > 0) this.database.addIngressRule(source, targetPort, 'way back from the source');
  }

  /** An instance by its security group; a server that AWS does not manage by the address of that one host. */
  private source({ source }: SealiftConfig): IPeer {
    return source.kind === 'server'
      ? Peer.ipv4(`${source.address}/32`)
      : SecurityGroup.fromSecurityGroupId(this, 'Source', source.securityGroupId, { mutable: false });
  }

  private openSource(id: string, from: SecurityGroup, config: SealiftConfig, groupId: string): void {
    new CfnSecurityGroupIngress(this, id, {
      groupId,
      sourceSecurityGroupId: from.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: config.source.port,
      toPort: config.source.port,
      description: `Sealift ${config.migration}, removed with its stack`,
    });
  }

  /** The canary knocks at the proxy. */
  private openProxy({ migration, switch: chosen }: SealiftConfig): void {
    if (chosen.kind !== 'rds-proxy') return;
    const { securityGroupId, port } = chosen;
    const proxy = SecurityGroup.fromSecurityGroupId(this, 'Proxy', securityGroupId, { mutable: false });
    this.functions.addEgressRule(proxy, Port.tcp(port), 'to the proxy');
    new CfnSecurityGroupIngress(this, 'FunctionsToProxy', {
      groupId: securityGroupId,
      sourceSecurityGroupId: this.functions.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      description: `Sealift ${migration}, removed with its stack`,
    });
  }

  private openToClients(config: SealiftConfig): void {
    const port = config.target.port ?? config.source.port;
    config.network.clients.forEach((client) => {
      const peer = client.startsWith('sg-') ? Peer.securityGroupId(client) : Peer.ipv4(client);
      this.database.addIngressRule(peer, Port.tcp(port), 'application');
    });
  }
}
