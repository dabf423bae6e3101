/** What happens: one Lambda per step and the state machines that call them. */
import { CfnOutput, CrossStackReferences, ReferenceStrength, Stack, type StackProps } from 'aws-cdk-lib';
import type { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StepName } from '../lambda/contract';
import { ENV } from '../lambda/contract/environment';
import type { PrunePolicy } from '../lambda/contract/prune';
import type { CopySettings, Policy, Switch, TargetSettings } from '../lambda/contract/settings';
import { acknowledgeFunctions } from './acknowledged-functions';
import type { SealiftConfig } from './config';
import { setFeatureFlags } from './feature-flags';
import type { FoundationStack } from './foundation-stack';
import { MigrationDashboard } from './operations/dashboard';
import { MigrationAlarms } from './operations/migration-alarms';
import { Notifications } from './operations/notifications';
import { People } from './operations/people';
import { ReaperRules } from './operations/reaper-rules';
import { writeStartOutputs } from './operations/start-outputs';
import { WindowRule } from './operations/window-rule';
import { permissionsOf } from './permissions';
import { type MachineName, stackName, targetInstanceId } from './resource-names';
import { COPY_STEPS, stepsOf } from './road-steps';
import { StepFunction, type StepFunctions } from './step-function';
import { targetStackPolicy } from './target-stack';
import type { ApprovalWords } from './workflows/approval-message';
import { AssessWorkflow } from './workflows/assess';
import { CutoverWorkflow } from './workflows/cutover';
import { MigrateWorkflow } from './workflows/migrate';
import { PruneWorkflow } from './workflows/prune';
import { ReaperWorkflow } from './workflows/reaper';
import { ReplicateWorkflow } from './workflows/replicate';
import { RetireWorkflow } from './workflows/retire';
import { RollbackWorkflow } from './workflows/rollback';
import { ScanWorkflow } from './workflows/scan';
import { WindowWorkflow } from './workflows/window';

/** What the migration is made from. */
export interface MigrationStackProps extends StackProps {
  readonly config: SealiftConfig;
  readonly foundation: FoundationStack;
}

/** Holds the functions and the machines; deleting it deletes no data. */
export class MigrationStack extends Stack {
  /** Those of the configured road. */
  readonly functions: StepFunctions;
  readonly machines: Readonly<Record<MachineName, StateMachine>>;
  /** For who runs the machines; attached to nobody. */
  readonly operatorPolicy: ManagedPolicy;
  /** For who answers their questions; attached to nobody. */
  readonly approverPolicy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: MigrationStackProps) {
    super(scope, id, { ...props, terminationProtection: props.terminationProtection ?? true });
    setFeatureFlags(this);
    // The foundation holds the key: CloudFormation refuses to delete it while this stack stands.
    CrossStackReferences.of(this).consume(ReferenceStrength.STRONG);
    const { config, foundation } = props;
    this.addStackDependency(foundation);
    // Imported, so that no grant of this stack is written into the key's or the topic's policy, which are complete.
    const key = Key.fromKeyArn(this, 'Key', foundation.key.keyArn);
    const topic = Topic.fromTopicAttributes(this, 'Topic', {
      topicArn: foundation.topic.topicArn,
      keyArn: foundation.key.keyArn,
    });
    this.functions = this.makeFunctions(props, key);
    const { migration, policy } = config;
    const { standStillMinutes } = policy;
    const workflow = { migration, key, topic, standStillMinutes, functions: this.functions };
    const workflows = new Construct(this, 'Workflows');
    const scans = config.scan.enabled ? config.scan.on : null;
    const assess = new AssessWorkflow(workflows, workflow).machine;
    const prune = new PruneWorkflow(workflows, workflow, assess).machine;
    const scan = new ScanWorkflow(workflows, workflow, assess).machine;
    const replicate = new ReplicateWorkflow(workflows, workflow, assess, {
      scansCopy: scans === 'target',
      road: config.road,
      copyWorkers: config.copy.workers,
    }).machine;
    const cutover = new CutoverWorkflow(workflows, workflow, assess).machine;
    const prunes = config.prune.entries.length > 0;
    const phases = {
      assess,
      prune: prunes ? prune : null,
      scan: scans === 'source' ? scan : null,
      replicate,
      cutover,
    };
    const migrate = new MigrateWorkflow(workflows, workflow, phases, approvalOf(config)).machine;
    const rollback = new RollbackWorkflow(workflows, workflow, approvalOf(config, true)).machine;
    const retire = new RetireWorkflow(workflows, workflow).machine;
    const retires = config.rollback.retireAutomatically ? retire : null;
    const window = new WindowWorkflow(workflows, workflow, retires).machine;
    const reaper = new ReaperWorkflow(workflows, workflow).machine;
    this.machines = { assess, prune, scan, replicate, cutover, rollback, window, retire, migrate, reaper };
    const watched = { config, topic, machines: this.machines };
    const undelivered = Queue.fromQueueArn(this, 'Undelivered', foundation.undelivered.queueArn);
    new Notifications(this, 'Notifications', { ...watched, undelivered });
    new ReaperRules(this, 'ReaperRules', { config, machines: this.machines, undelivered });
    if (config.rollback.windowHours > 0) new WindowRule(this, 'WindowRule', { config, window, undelivered });
    new MigrationAlarms(this, 'Alarms', watched);
    const { dashboardName } = new MigrationDashboard(this, 'Dashboard', watched);
    const people = new People(this, 'People', {
      config,
      keyArn: foundation.key.keyArn,
      evidenceBucketArn: foundation.importedEvidenceArn,
    });
    this.operatorPolicy = people.operator;
    this.approverPolicy = people.approver;
    this.writeOutputs(dashboardName);
  }

  private makeFunctions(props: MigrationStackProps, key: IKey): StepFunctions {
    const { config, foundation } = props;
    const scope = new Construct(this, 'Functions');
    const { vpc, subnets, functions: securityGroup } = foundation.network;
    const make = (step: StepName) => {
      const stepFunction = new StepFunction(scope, step, {
        migration: config.migration,
        step,
        key,
        environment: this.variables(step, config, foundation),
        permissions: permissionsOf(step, {
          stack: this,
          config,
          keyArn: foundation.key.keyArn,
          evidenceBucketArn: foundation.importedEvidenceArn,
          replicationSecretArn: foundation.replicationSecret.secretArn,
          rolePasswordsArn: foundation.rolePasswords?.secretArn ?? null,
          targetStackRoleArn: foundation.targetStackRole.roleArn,
          targetParameterGroup: foundation.parameterGroupName,
        }),
        network: { vpc, subnets, securityGroup },
      });
      return [step, stepFunction] as const;
    };
    acknowledgeFunctions(scope);
    return Object.fromEntries(stepsOf(config.road, config.source.kind).map(make));
  }

  private variables(step: StepName, config: SealiftConfig, foundation: FoundationStack): Record<string, string> {
    return {
      [ENV.migrationId]: config.migration,
      ...(config.source.kind === 'server'
        ? {
            [ENV.sourceInstance]: config.source.name,
            [ENV.sourceEndpoint]: JSON.stringify({ host: config.source.host, port: config.source.port }),
          }
        : { [ENV.sourceInstance]: config.source.instanceId }),
      [ENV.masterSecretArn]: config.source.masterSecretArn,
      [ENV.replicationSecretArn]: foundation.replicationSecret.secretArn,
      [ENV.targetStack]: stackName(config.migration, 'Target'),
      [ENV.targetInstance]: targetInstanceId(config.migration),
      [ENV.keyArn]: foundation.key.keyArn,
      [ENV.evidenceBucket]: foundation.evidence.bucketName,
      [ENV.switch]: JSON.stringify(switchOf(config)),
      [ENV.policy]: JSON.stringify(policyOf(config)),
      ...(config.source.trustedCaPem !== undefined && { [ENV.trustedCa]: config.source.trustedCaPem }),
      ...((COPY_STEPS.includes(step) || (step === 'assess' && config.road === 'copy')) && {
        [ENV.copy]: JSON.stringify(copySettingsOf(config, foundation)),
      }),
      ...((step === 'inspect' || step === 'restore') && {
        [ENV.targetSettings]: JSON.stringify(targetSettingsOf(config, foundation.parameterGroupName)),
      }),
      ...(step === 'plan-prune' &&
        config.prune.entries.length > 0 && { [ENV.prune]: JSON.stringify(prunePolicyOf(config)) }),
      ...((step === 'snapshot' || step === 'encrypt') && { [ENV.tags]: JSON.stringify(config.tags) }),
      ...(step === 'restore' && {
        [ENV.targetStackRoleArn]: foundation.targetStackRole.roleArn,
        [ENV.targetStackPolicy]: JSON.stringify(targetStackPolicy()),
      }),
    };
  }

  private writeOutputs(dashboardName: string): void {
    for (const [name, machine] of Object.entries(this.machines)) {
      const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
      new CfnOutput(this, `${title}Arn`, { value: machine.stateMachineArn, description: `state machine ${title}` });
    }
    new CfnOutput(this, 'DashboardName', {
      value: dashboardName,
      description: 'CloudWatch dashboard of the migration',
    });
    new CfnOutput(this, 'OperatorPolicyArn', {
      value: this.operatorPolicy.managedPolicyArn,
      description: 'policy for who runs the machines, attached to nobody',
    });
    new CfnOutput(this, 'ApproverPolicyArn', {
      value: this.approverPolicy.managedPolicyArn,
      description: 'policy for who approves, attached to nobody',
    });
    writeStartOutputs(this, this.machines.migrate);
  }
}

/** What the approver is asked with; null when nobody is asked. */
function approvalOf(config: SealiftConfig, back = false): ApprovalWords | null {
  if (!config.approval.required) return null;
  return {
    migration: config.migration,
    expiresAfterMinutes: config.approval.expiresAfterMinutes,
    budgetSeconds: config.policy.cutoverBudgetSeconds,
    switchKind: config.switch.kind,
    windowHours: config.rollback.windowHours,
    back,
  };
}

/** The switch as the contract has it; its key and its ARNs are a matter of permissions. */
export function switchOf({ switch: chosen }: SealiftConfig): Switch {
  switch (chosen.kind) {
    case 'route53':
    case 'hook':
      return chosen;
    case 'secret': {
      const { kind, secretArn, hostField, portField = null } = chosen;
      return { kind, secretArn, hostField, portField };
    }
    case 'parameter': {
      const { kind, parameterName, hostField = null, portField = null } = chosen;
      return { kind, parameterName, hostField, portField };
    }
    case 'rds-proxy': {
      const { kind, proxyName, port, securityGroupId } = chosen;
      return { kind, proxyName, port, securityGroupId };
    }
  }
}

/** How rows travel, as the contract has it. */
function copySettingsOf({ copy }: SealiftConfig, { rolePasswords }: FoundationStack): CopySettings {
  if (rolePasswords === null) throw new Error('only the copy road has steps that copy');
  return { ...copy, rolePasswordsArn: rolePasswords.secretArn };
}

/** The policy as the contract has it, every field present. */
export function policyOf(config: SealiftConfig): Policy {
  const { replicationConnection: connection, standStillMinutes: _, ...rest } = config.policy;
  const { repair, maxBadRows, workers } = config.scan;
  return {
    road: config.road,
    ...(config.engine !== 'native' && { engine: config.engine }),
    ...rest,
    before: { prunedTables: config.prune.entries.length, scans: config.scan.enabled },
    scan: { repair, maxBadRows, workers },
    replicationConnection: {
      host: connection.host ?? null,
      port: connection.port ?? null,
      sslMode: connection.sslMode,
      rootCertificatePath: connection.rootCertificatePath ?? null,
    },
    rollback: {
      windowHours: config.rollback.windowHours,
      host: config.rollback.host ?? null,
      port: config.rollback.port ?? null,
    },
    recordTtlSeconds: config.switch.kind === 'route53' ? config.switch.ttlSeconds : 0,
  };
}

/** What is old, as the contract has it, every field present. */
export function prunePolicyOf({ prune }: SealiftConfig): PrunePolicy {
  const { entries, ...rest } = prune;
  return {
    ...rest,
    entries: entries.map((entry) => ({
      ...entry,
      keepLast: entry.keepLast ?? null,
      children:
        entry.children === 'auto'
          ? entry.children
          : entry.children.map((child) => ({ ...child, references: child.references ?? null })),
    })),
  };
}

/** What the target is configured to be, as the contract has it, every field present. */
export function targetSettingsOf({ target }: SealiftConfig, parameterGroup: string): TargetSettings {
  const { instanceClass, engineVersion, allocatedStorageGib, maxAllocatedStorageGib, storageType, multiAz } = target;
  return {
    instanceClass,
    engineVersion,
    allocatedStorageGib,
    maxAllocatedStorageGib: maxAllocatedStorageGib ?? null,
    storageType,
    multiAz,
    parameterGroup,
  };
}
