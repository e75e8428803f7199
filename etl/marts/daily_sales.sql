-- What was sold: one row a UTC day, country and currency.
-- Orders count on the day on which they were placed, unless they were cancelled; a later cancellation
-- takes them out of that day again. Orders whose `placed` event has not come yet have no day.
-- The view orders is curated.orders as of the snapshot that is built.
SELECT
    CAST(placed_at AS DATE) AS sale_date,
    country,
    currency,
    COUNT(*) AS orders,
    COUNT(DISTINCT customer_id) AS customers,
    SUM(line_count) AS lines,
    SUM(quantity) AS quantity,
    SUM(net_amount) AS net_amount,
    SUM(discount_amount) AS discount_amount,
    SUM(net_amount_eur) AS net_amount_eur
FROM orders
WHERE placed_at IS NOT NULL AND cancelled_at IS NULL
GROUP BY CAST(placed_at AS DATE), country, currency
