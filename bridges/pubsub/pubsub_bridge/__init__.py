"""The bridge from Kafka (MSK) to Google Pub/Sub, as a Lambda function runs it.

What it promises, and where:

- only what a contract shares leaves AWS (`projection`);
- at least once, in order for every Kafka key (`delivery`);
- a record that can never be sent goes to the failure destination with its reason (`failures`);
- a Pub/Sub that does not take messages stops a partition at its first unsent record, and the event
  source retries from there (`delivery`, `handler`).
"""
