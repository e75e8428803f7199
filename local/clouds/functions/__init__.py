"""Lambda on this machine: functions run from their archives, fed by Kafka event source mappings.

moto keeps functions, layers and mappings; this package does what AWS does with them. One process
(`python -m local.clouds.functions`) follows the mappings of moto and for each one polls its topic, invokes
the function in a process of its own and commits what the function has dealt with.

As in AWS: the function sees its own archive, its layers, Python's standard library and boto3, in this
order, and no other package; its environment is its own; a batch is limited by BatchSize, by
MaximumBatchingWindowInSeconds (half a second unless set) and by a payload of 6 MB; a function that
raises, times out or dies gets the whole batch again; ReportBatchItemFailures is honoured as a Kafka
source does it; offsets are committed after success only; retries end at MaximumRetryAttempts (ten if
unlimited with an on-failure destination), and what is given up goes to that destination (SQS).

Not imitated: the execution role (moto enforces no IAM), memory limits, several pollers of one mapping
(one here takes all partitions), BisectBatchOnFunctionError, MaximumRecordAgeInSeconds, filters,
AT_TIMESTAMP as starting position, and every way of invoking a function other than a Kafka mapping.
"""
