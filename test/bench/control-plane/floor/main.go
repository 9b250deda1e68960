// Command floor is the least that a controller can do for each Pipeline: one Deployment, and its replicas on the status; with
// -five also the other children that the operator makes, empty. It is what the operator's cost is compared with.
package main

import (
	"context"
	"flag"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var pipelineKind = schema.GroupVersionKind{Group: "snowline.dev", Version: "v1alpha1", Kind: "Pipeline"}

type reconciler struct {
	client.Client
	five bool
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	pipeline := &unstructured.Unstructured{}
	pipeline.SetGroupVersionKind(pipelineKind)
	if err := r.Get(ctx, request.NamespacedName, pipeline); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	deployment := &appsv1.Deployment{}
	err := r.Get(ctx, request.NamespacedName, deployment)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.make(ctx, pipeline)
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	replicas := int64(deployment.Status.ReadyReplicas)
	if before, _, _ := unstructured.NestedInt64(pipeline.Object, "status", "replicas"); before == replicas {
		return ctrl.Result{}, nil
	}
	patch := client.MergeFrom(pipeline.DeepCopy())
	if err := unstructured.SetNestedField(pipeline.Object, replicas, "status", "replicas"); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.Status().Patch(ctx, pipeline, patch)
}

// make makes the Deployment last, since it is what is looked for.
func (r *reconciler) make(ctx context.Context, pipeline *unstructured.Unstructured) error {
	children := []client.Object{deploymentOf(pipeline)}
	if r.five {
		meta := metav1.ObjectMeta{Namespace: pipeline.GetNamespace(), Name: pipeline.GetName()}
		selector := metav1.LabelSelector{MatchLabels: map[string]string{"app": pipeline.GetName()}}
		children = append([]client.Object{
			&corev1.ServiceAccount{ObjectMeta: meta},
			&corev1.ConfigMap{ObjectMeta: meta},
			&policyv1.PodDisruptionBudget{ObjectMeta: meta, Spec: policyv1.PodDisruptionBudgetSpec{Selector: &selector}},
			&networkingv1.NetworkPolicy{ObjectMeta: meta, Spec: networkingv1.NetworkPolicySpec{PodSelector: selector}},
		}, children...)
	}
	for _, child := range children {
		if err := controllerutil.SetControllerReference(pipeline, child, r.Scheme()); err != nil {
			return err
		}
		if err := client.IgnoreAlreadyExists(r.Create(ctx, child)); err != nil {
			return err
		}
	}
	return nil
}

func deploymentOf(pipeline *unstructured.Unstructured) *appsv1.Deployment {
	labels := map[string]string{"app": pipeline.GetName()}
	replicas := int32(1)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: pipeline.GetNamespace(), Name: pipeline.GetName()},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					Containers:  []corev1.Container{{Name: "runtime", Image: "local.test/nothing:1"}},
					Tolerations: []corev1.Toleration{{Key: "kwok.x-k8s.io/node", Operator: corev1.TolerationOpExists}},
				},
			},
		},
	}
}

func main() {
	kubeconfig := flag.String("config", "", "kubeconfig")
	five := flag.Bool("five", false, "make all kinds of children that the operator makes")
	address := flag.String("metrics", "127.0.0.1:0", "address of /metrics")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	must(err)
	config.QPS, config.Burst = 500, 1000
	manager, err := ctrl.NewManager(config, ctrl.Options{Metrics: server.Options{BindAddress: *address}})
	must(err)
	pipeline := &unstructured.Unstructured{}
	pipeline.SetGroupVersionKind(pipelineKind)
	must(ctrl.NewControllerManagedBy(manager).For(pipeline).Owns(&appsv1.Deployment{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(&reconciler{manager.GetClient(), *five}))
	must(manager.Start(ctrl.SetupSignalHandler()))
}

func must(err error) {
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
