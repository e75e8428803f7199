-- What orders and daily_sales must be, from raw events alone. Amounts are whole cents and rates whole
-- hundred-thousandths, so all of it is integer arithmetic; half is rounded up, line by line.
CREATE VIEW events AS
SELECT
    value ->> 'order_id' AS order_id,
    value ->> 'event_type' AS event_type,
    CAST(value ->> 'event_time' AS TIMESTAMPTZ) AS event_time,
    value ->> 'customer_id' AS customer_id,
    value ->> 'country' AS country,
    value ->> 'currency' AS currency,
    value -> 'lines' AS lines,
    position
FROM raw
QUALIFY row_number() OVER (PARTITION BY order_id, event_type ORDER BY partition, position) = 1;

CREATE VIEW lines AS
WITH placed AS (
    SELECT
        order_id,
        currency,
        CAST(event_time AS DATE) AS day,
        unnest(from_json(lines, '[{"quantity":"BIGINT","net_amount":"DECIMAL(12,2)","retail_discount":"DECIMAL(12,2)",
            "coupon_discount":"DECIMAL(12,2)","coupon_match_discount":"DECIMAL(12,2)"}]')) AS line
    FROM events
    WHERE event_type = 'placed'
)

SELECT
    order_id,
    line.quantity AS quantity,
    CAST(line.net_amount * 100 AS BIGINT) AS net,
    CAST((line.retail_discount + coalesce(line.coupon_discount, 0) + line.coupon_match_discount) * 100 AS BIGINT) AS discount,
    -- floor(net / rate + 1/2), as one division of integers
    (2 * CAST(line.net_amount * 100 AS HUGEINT) * 100000 + units) // (2 * units) AS net_eur
FROM placed
INNER JOIN (
    SELECT
        currency,
        valid_from,
        valid_to,
        CAST(CAST(units_per_eur AS DECIMAL(18, 5)) * 100000 AS HUGEINT) AS units
    FROM rates
) AS rate
    ON placed.currency = rate.currency
    AND placed.day BETWEEN CAST(rate.valid_from AS DATE) AND CAST(rate.valid_to AS DATE);

CREATE VIEW stages AS
SELECT
    unnest(['placed', 'paid', 'shipped', 'delivered', 'cancelled', 'returned']) AS event_type,
    unnest([1, 2, 3, 4, 5, 6]) AS stage;

CREATE VIEW orders AS
WITH ranked AS (
    SELECT
        events.*,
        row_number() OVER (PARTITION BY order_id ORDER BY event_time DESC, stage DESC) AS last,
        row_number() OVER (PARTITION BY order_id ORDER BY event_type <> 'placed', event_time, position) AS first
    FROM events
    INNER JOIN stages USING (event_type)
)

SELECT
    order_id,
    any_value(customer_id) FILTER (first = 1) AS customer_id,
    any_value(country) FILTER (first = 1) AS country,
    any_value(currency) FILTER (first = 1) AS currency,
    any_value(event_type) FILTER (last = 1) AS status,
    epoch(max(event_time) FILTER (event_type = 'placed')) AS placed,
    epoch(max(event_time) FILTER (event_type = 'paid')) AS paid,
    epoch(max(event_time) FILTER (event_type = 'shipped')) AS shipped,
    epoch(max(event_time) FILTER (event_type = 'delivered')) AS delivered,
    epoch(max(event_time) FILTER (event_type = 'cancelled')) AS cancelled,
    epoch(max(event_time) FILTER (event_type = 'returned')) AS returned,
    CASE WHEN placed IS NOT NULL THEN coalesce(any_value(line_count), 0) END AS line_count,
    CASE WHEN placed IS NOT NULL THEN coalesce(any_value(total.quantity), 0) END AS quantity,
    CASE WHEN placed IS NOT NULL THEN coalesce(any_value(net), 0) END AS net_amount,
    CASE WHEN placed IS NOT NULL THEN coalesce(any_value(discount), 0) END AS discount_amount,
    CASE WHEN placed IS NOT NULL THEN coalesce(any_value(net_eur), 0) END AS net_amount_eur
FROM ranked
LEFT JOIN (
    SELECT
        order_id,
        count(*) AS line_count,
        sum(quantity) AS quantity,
        sum(net) AS net,
        sum(discount) AS discount,
        sum(net_eur) AS net_eur
    FROM lines
    GROUP BY order_id
) AS total USING (order_id)
GROUP BY order_id;

CREATE VIEW daily_sales AS
SELECT
    CAST(make_timestamptz(CAST(placed * 1000000 AS BIGINT)) AS DATE) AS sale_date,
    country,
    currency,
    count(*) AS orders,
    count(DISTINCT customer_id) AS customers,
    sum(line_count) AS lines,
    sum(quantity) AS quantity,
    sum(net_amount) AS net_amount,
    sum(discount_amount) AS discount_amount,
    sum(net_amount_eur) AS net_amount_eur
FROM orders
WHERE placed IS NOT NULL AND cancelled IS NULL
GROUP BY ALL;
