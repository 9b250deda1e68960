{{ config(materialized='incremental', unique_key='customer_id') }}
select customer_id, max(placed) as placed
from {{ ref('orders') }}
{% if is_incremental() %}
where placed >= (select max(placed) from {{ this }})
{% endif %}
group by customer_id
