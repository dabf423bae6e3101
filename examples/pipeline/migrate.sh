#!/bin/sh
# Starts the state machine Migrate and waits until it ends.
#
#   migrate.sh OUTPUTS STACK [INPUT]
#
# OUTPUTS is the file that `cdk deploy --outputs-file` wrote, STACK the name of the migration stack, INPUT the execution's
# input as JSON. Exit code 0 when the execution succeeded, 1 with its error and cause when it did not.
set -eu

outputs=$1
stack=$2
input=${3:-'{}'}

machine=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))[process.argv[2]].MigrateArn' \
  "$outputs" "$stack")
execution=$(aws stepfunctions start-execution --state-machine-arn "$machine" --input "$input" \
  --query executionArn --output text)
echo "started $execution"

describe() {
  aws stepfunctions describe-execution --execution-arn "$execution" --query "$1" --output text
}

# The machine has a time limit of its own; the pipeline's job should have a longer one.
status=RUNNING
while [ "$status" = RUNNING ]; do
  sleep "${POLL_SECONDS:-30}"
  status=$(describe status)
done

echo "$status"
[ "$status" = SUCCEEDED ] && exit 0
describe '[error, cause]' >&2
exit 1
