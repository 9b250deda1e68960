{{ config(materialized='view') }}
select c.name, c.country, sum(o.amount) as amount, count(*) as orders
from {{ ref('customers') }} c
join {{ ref('orders') }} o on o.customer_id = c.id
group by c.name, c.country
